//! A server: started, killed, stopped and continued, followed by a standby.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    program::{self, run},
    small_disk::{self, OnSmallDisk},
};

/// A server with a folder of its own.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    settings: Vec<String>,
    supervisor: Option<Child>,
    small_disk: Option<OnSmallDisk>,
}

impl Server {
    /// Makes a cluster with these settings (`name=value`), and starts its server.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with_files(settings, &[])
    }

    /// As [`start`](Self::start), with files that only the server can read. They stand where it is started: a setting
    /// names them by `../name`.
    pub fn start_with_files(settings: &[&str], files: &[(&str, &str)]) -> Self {
        let server = Self::in_new_folder(settings);
        for (name, content) in files {
            let path = server.folder.path().join(name);
            fs::write(&path, content).expect("the folder can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
            program::hand_over(&path);
        }
        server.init(&[]);
        server.started()
    }

    /// As [`start`](Self::start), with a part of it on a disk of some megabytes, of which a third is taken until
    /// [`make_room`](Self::make_room). Where [`small_disks_are_possible`](crate::small_disks_are_possible).
    pub fn start_on_small_disk(settings: &[&str], what: OnSmallDisk) -> Self {
        let mut server = Self::in_new_folder(settings);
        server.small_disk = Some(what);
        // Small files, or a few of them would fill the disk.
        server.init(&["--wal-segsize=1"]);
        let server = server.started();
        if what == OnSmallDisk::Tables {
            let folder = small_disk::tables(server.folder.path());
            server.sql(&format!("create tablespace small location '{}'", folder.display()));
            server.sql("alter database postgres set default_tablespace = small");
        }
        server
    }

    /// Frees a part of the small disk.
    pub fn make_room(&self) {
        small_disk::make_room(self.folder.path());
    }

    fn init(&self, more: &[&str]) {
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        run(program::command("initdb").args(options).args(more).arg("--pgdata").arg(self.data()));
    }

    /// Copies this server, and starts the copy as its standby under a name for `synchronous_standby_names`.
    pub fn standby(&self, name: &str, settings: &[&str]) -> Self {
        let standby = Self::in_new_folder(settings);
        let source = format!("host={} user=postgres application_name={name}", self.socket_folder().display());
        run(program::command("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname", &source])
            .arg("--pgdata")
            .arg(standby.data()));
        standby.started()
    }

    /// Its URL, for a user who may do everything.
    pub fn url(&self) -> String {
        Self::url_of(&[self])
    }

    /// The URL of several servers.
    pub fn url_of(servers: &[&Self]) -> String {
        let encoded = |server: &&Self| server.socket_folder().display().to_string().replace('/', "%2F");
        let hosts: Vec<_> = servers.iter().map(encoded).collect();
        format!("postgres://postgres@{}/postgres", hosts.join(","))
    }

    /// The folder of its socket.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills all of its processes at once, as a crash would.
    pub fn kill(&self) {
        let processes = self.signal("KILL");
        until("the server is dead", || {
            processes.iter().all(|&process| stat(process).is_none_or(|(state, _)| state == 'Z'))
        });
    }

    /// Stops all of its processes where they are: it hangs.
    pub fn pause(&self) {
        let _ = self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        let _ = self.signal("CONT");
    }

    /// Starts it again after a [`kill`](Self::kill).
    pub fn restart(&mut self) {
        self.end_supervisor();
        // A dead process whose parent has not asked for it still has its number, which looks like a server that runs.
        let socket_lock = format!(".s.PGSQL.{}.lock", self.port());
        for lock in [self.data().join("postmaster.pid"), self.folder.path().join(socket_lock)] {
            let _ = fs::remove_file(lock);
        }
        self.run_server();
    }

    /// Makes a standby a primary.
    pub fn promote(&self) {
        run(program::command("pg_ctl").args(["promote", "--wait", "--pgdata"]).arg(self.data()));
    }

    /// Runs a statement, and gives what `psql` prints.
    pub fn sql(&self, statement: &str) -> String {
        let output = program::command("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--username=postgres", "--host"])
            .arg(self.socket_folder())
            .args(["--command", statement, "postgres"])
            .output()
            .expect("psql starts");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Does something while commits do not wait for the disk, and then has the disk catch up: for making much data.
    pub fn without_waiting_for_the_disk<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set("synchronous_commit", "off");
        let done = work();
        self.set("synchronous_commit", "on");
        self.sql("checkpoint");
        done
    }

    /// Changes a setting for the sessions that are open, too.
    pub fn set(&self, name: &str, value: &str) {
        self.sql(&format!("alter system set {name} = '{value}'"));
        self.sql("select pg_reload_conf()");
        // The server tells open sessions before it lets a new one in that has read the setting.
        until("the setting is read", || self.sql(&format!("show {name}")) == value);
    }

    fn in_new_folder(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a temporary folder can be made");
        program::hand_over(folder.path());
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        Self { folder, settings, supervisor: None, small_disk: None }
    }

    fn started(mut self) -> Self {
        self.run_server();
        self
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs the server under a shell that waits for the end of its standard input: that comes when this process ends,
    /// too, and then the shell stops the server and removes the folder.
    fn run_server(&mut self) {
        let mut server = program::command("postgres");
        server.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        for setting in ["listen_addresses=", "logging_collector=off", "unix_socket_permissions=0777"] {
            server.args(["-c", setting]);
        }
        for setting in &self.settings {
            server.args(["-c", setting]);
        }
        if let Some(what) = self.small_disk {
            server = small_disk::command(self.folder.path(), what, &server);
        }
        let mut supervisor = Command::new("sh");
        supervisor
            .args(["-c", SUPERVISE, "supervise"])
            .arg(self.folder.path())
            .arg(server.get_program())
            .args(server.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.supervisor = Some(supervisor.spawn().expect("sh starts"));
        until("the server answers", || self.is_ready());
    }

    fn is_ready(&self) -> bool {
        let mut command = program::command("pg_isready");
        command.args(["--quiet", "--port", self.port()]).arg("--host").arg(self.socket_folder());
        command.status().is_ok_and(|status| status.success())
    }

    /// The port, which names the socket, too.
    fn port(&self) -> &str {
        self.settings.iter().find_map(|setting| setting.strip_prefix("port=")).unwrap_or("5432")
    }

    fn postmaster(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("the server has run");
        file.lines().next().and_then(|line| line.parse().ok()).expect("the file begins with a number")
    }

    /// Sends a signal to the server and its children.
    fn signal(&self, signal: &str) -> Vec<u32> {
        let postmaster = self.postmaster();
        let mut processes = children(postmaster);
        processes.insert(0, postmaster);
        let list: Vec<_> = processes.iter().map(ToString::to_string).collect();
        // One may have ended meanwhile.
        let kill = format!("kill -{signal} {} 2>/dev/null; true", list.join(" "));
        run(Command::new("sh").args(["-c", &kill]));
        processes
    }

    /// Has the supervisor leave without stopping the server, which is dead, or removing its folder.
    fn end_supervisor(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            supervisor.kill().expect("the supervisor can be killed");
            supervisor.wait().expect("the supervisor ends");
        }
    }
}

/// Stops the server at once, without a checkpoint: its folder goes.
const SUPERVISE: &str = r#"
folder=$1; shift
"$@" </dev/null & server=$!
read -r _
kill -CONT $server; kill -QUIT $server; kill -TERM $server; wait $server
rm -rf "$folder"
"#;

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        }
    }
}

/// The processes whose parent is this one.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    ids.filter(|&id| stat(id).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

/// The state and the parent of a process; a dead one whose parent has not asked for it has the state `Z`.
fn stat(process: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in parentheses, may hold spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Waits for something that must come.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: it did not come");
        thread::sleep(Duration::from_millis(20));
    }
}
