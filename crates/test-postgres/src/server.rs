//! A server: started, killed, stopped and continued, followed by a standby.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::program::{self, run};

/// A server with a folder of its own.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    settings: Vec<String>,
    supervisor: Option<Child>,
}

impl Server {
    /// Makes a cluster with these settings (`name=value`), and starts its server.
    pub fn start(settings: &[&str]) -> Self {
        let server = Self::in_new_folder(settings);
        let options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        run(program::command("initdb").args(options).arg("--pgdata").arg(server.data()));
        server.started()
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
        self.signal("KILL");
        let pid = self.postmaster();
        until("the server is dead", || !Path::new(&format!("/proc/{pid}")).exists());
    }

    /// Stops all of its processes where they are: it hangs.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Starts it again after a [`kill`](Self::kill).
    pub fn restart(&mut self) {
        self.end_supervisor();
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

    fn in_new_folder(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a temporary folder can be made");
        program::hand_over(folder.path());
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        Self { folder, settings, supervisor: None }
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
        command.arg("--quiet").arg("--host").arg(self.socket_folder());
        command.status().is_ok_and(|status| status.success())
    }

    fn postmaster(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("the server has run");
        file.lines().next().and_then(|line| line.parse().ok()).expect("the file begins with a number")
    }

    /// Sends a signal to the server and its children.
    fn signal(&self, signal: &str) {
        let postmaster = self.postmaster();
        let mut processes = children(postmaster);
        processes.insert(0, postmaster);
        let processes: Vec<_> = processes.iter().map(ToString::to_string).collect();
        // One may have ended meanwhile.
        let kill = format!("kill -{signal} {} 2>/dev/null; true", processes.join(" "));
        run(Command::new("sh").args(["-c", &kill]));
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
kill -CONT $server; kill -QUIT $server; wait $server
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
    ids.filter(|id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // The name of the program, in parentheses, may hold spaces.
        let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
        after_name.split_whitespace().nth(1).and_then(|id| id.parse().ok()) == Some(parent)
    })
    .collect()
}

/// Waits for something that must come.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: it did not come");
        thread::sleep(Duration::from_millis(20));
    }
}
