//! etcd and three members of Patroni on this machine, from Debian's packages.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::chown,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const SUPERUSER: &str = "superuser-password";

pub(crate) struct Cluster {
    folder: TempDir,
    etcd: Child,
    etcd_port: u16,
    members: Vec<Member>,
}

struct Member {
    name: String,
    port: u16,
    rest_port: u16,
    patroni: Child,
}

impl Cluster {
    /// With a primary and a synchronous standby, at least.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("patroni").tempdir().unwrap();
        let id = |flag| {
            let output = Command::new("id").args([flag, "postgres"]).output().unwrap();
            String::from_utf8_lossy(&output.stdout).trim().parse().expect("there is a user postgres")
        };
        chown(folder.path(), Some(id("-u")), Some(id("-g")))
            .expect("Patroni's member is another user: be root");
        let [etcd_port, peer_port] = [(); 2].map(|()| free_port());
        let (client, peer) =
            (format!("http://127.0.0.1:{etcd_port}"), format!("http://127.0.0.1:{peer_port}"));
        let etcd = as_postgres("etcd")
            .args(["--name", "etcd", "--data-dir"])
            .arg(folder.path().join("etcd"))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("etcd={peer}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd-server is installed");
        let mut cluster = Self { folder, etcd, etcd_port, members: Vec::new() };
        for name in ["db1", "db2", "db3"] {
            let (port, rest_port) = (free_port(), free_port());
            let patroni = cluster.run_member(name, port, rest_port);
            cluster.members.push(Member { name: name.to_owned(), port, rest_port, patroni });
        }
        cluster.until_whole();
        cluster
    }

    /// What a URL names: all members.
    pub(crate) fn hosts(&self) -> String {
        let hosts: Vec<_> = self.members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        hosts.join(",")
    }

    /// The name of the member that leads.
    pub(crate) fn leader(&self) -> String {
        let mut leader = None;
        until("a member leads", || {
            leader = self.with_role("leader");
            leader.is_some()
        });
        leader.unwrap()
    }

    /// Kills everything of the member that leads, and gives its name.
    pub(crate) fn kill_leader(&mut self) -> String {
        let name = self.leader();
        let data = self.folder.path().join(&name);
        let member = self.members.iter_mut().find(|member| member.name == name).unwrap();
        member.patroni.kill().unwrap();
        member.patroni.wait().unwrap();
        let pid = fs::read_to_string(data.join("postmaster.pid")).unwrap();
        let postmaster = pid.lines().next().unwrap();
        // Its children first would be seen by it as a crash of one of them.
        let kill = format!("kill -KILL {postmaster}; pkill -KILL -P {postmaster}; true");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        // A dead process that nobody has asked for keeps its number, and looks like a server that runs.
        fs::remove_file(data.join("postmaster.pid")).unwrap();
        until("another member leads", || self.with_role("leader").is_some_and(|leader| leader != name));
        name
    }

    /// Starts a member that was killed, and waits until the cluster could lose another one.
    pub(crate) fn start_again(&mut self, name: &str) {
        let index = self.members.iter().position(|member| member.name == name).unwrap();
        let (port, rest_port) = (self.members[index].port, self.members[index].rest_port);
        self.members[index].patroni = self.run_member(name, port, rest_port);
        self.until_whole();
    }

    /// Runs a statement on the primary.
    pub(crate) fn sql(&self, statement: &str) {
        let leader = self.leader();
        let port = self.members.iter().find(|member| member.name == leader).unwrap().port;
        let output = Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres", "-c", statement, "postgres"])
            .env("PGPASSWORD", SUPERUSER)
            .output()
            .unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn run_member(&self, name: &str, port: u16, rest_port: u16) -> Child {
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/patroni.yaml");
        let copy = self.folder.path().join("patroni.yaml");
        fs::copy(configuration, &copy).unwrap();
        let log = fs::File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let address = |port| format!("127.0.0.1:{port}");
        let mut patroni = as_postgres("patroni");
        for (variable, value) in [
            ("PATRONI_NAME", name.to_owned()),
            ("PATRONI_RESTAPI_LISTEN", address(rest_port)),
            ("PATRONI_RESTAPI_CONNECT_ADDRESS", address(rest_port)),
            ("PATRONI_POSTGRESQL_LISTEN", address(port)),
            ("PATRONI_POSTGRESQL_CONNECT_ADDRESS", address(port)),
            ("PATRONI_POSTGRESQL_DATA_DIR", self.folder.path().join(name).display().to_string()),
            (
                "PATRONI_POSTGRESQL_PGPASS",
                self.folder.path().join(format!("{name}.pgpass")).display().to_string(),
            ),
            ("PATRONI_ETCD3_HOSTS", address(self.etcd_port)),
            ("PATRONI_SUPERUSER_PASSWORD", SUPERUSER.to_owned()),
            ("PATRONI_REPLICATION_PASSWORD", "replication-password".to_owned()),
            ("PATRONI_REWIND_PASSWORD", "rewind-password".to_owned()),
        ] {
            patroni.env(variable, value);
        }
        patroni.arg(copy).stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("patroni is installed")
    }

    /// A primary, a synchronous standby, and everybody runs.
    fn until_whole(&self) {
        until("the cluster is whole", || {
            let members = self.members();
            members.len() == self.members.len()
                && members.iter().all(is_running)
                && self.with_role("leader").is_some()
                && self.with_role("sync_standby").is_some()
        });
    }

    fn with_role(&self, role: &str) -> Option<String> {
        let members = self.members();
        let member = members.iter().find(|member| member["role"] == role && is_running(member))?;
        Some(member["name"].as_str()?.to_owned())
    }

    /// What any member that answers says of all.
    fn members(&self) -> Vec<Value> {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build().into();
        let ask = |member: &Member| -> Option<Vec<Value>> {
            let url = format!("http://127.0.0.1:{}/cluster", member.rest_port);
            let text = agent.get(&url).call().ok()?.body_mut().read_to_string().ok()?;
            let cluster: Value = serde_json::from_str(&text).ok()?;
            Some(cluster["members"].as_array()?.clone())
        };
        self.members.iter().find_map(ask).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            for member in &self.members {
                let log = fs::read_to_string(self.folder.path().join(format!("{}.log", member.name)));
                let log = log.unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                eprintln!("{}: {}", member.name, lines[lines.len().saturating_sub(15)..].join("\n"));
            }
        }
        // Patroni stops its Postgres when it is told to end.
        for member in &mut self.members {
            let _ = Command::new("kill").arg(member.patroni.id().to_string()).status();
        }
        for member in &mut self.members {
            let _ = member.patroni.wait();
        }
        let _ = self.etcd.kill();
        let _ = self.etcd.wait();
    }
}

fn is_running(member: &Value) -> bool {
    member["state"] == "running" || member["state"] == "streaming"
}

fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
    command
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for something that must come.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(240);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: it did not come");
        thread::sleep(Duration::from_millis(50));
    }
}
