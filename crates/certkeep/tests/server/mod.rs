//! The real binary, started in a folder of its own.

#![allow(dead_code, reason = "compiled once for every test file, and each uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cert_core::{
    Timestamp, TrustAnchors,
    testing::{Issued, TestCa, TestLeaf},
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const ALICE: Tenant = Tenant { access_key: "AK-alice", secret_key: "SK-alice" };
/// An operator.
pub(crate) const ROOT: Tenant = Tenant { access_key: "AK-root", secret_key: "SK-root" };
pub(crate) const BOB: Tenant = Tenant { access_key: "AK-bob", secret_key: "SK-bob" };

const PROGRAM: &str = env!("CARGO_BIN_EXE_certkeep");

#[derive(Clone, Copy)]
pub(crate) struct Tenant {
    pub(crate) access_key: &'static str,
    pub(crate) secret_key: &'static str,
}

/// A folder with a configuration: sled, two tenants, and an authority that both trust.
pub(crate) struct Site {
    folder: TempDir,
    root: TestCa,
    pub(crate) authority: TestCa,
}

impl Site {
    /// With a store in the folder. `quota` is Alice's.
    pub(crate) fn new(quota: u64) -> Self {
        Self::in_folder(quota, |folder| format!("sled:{}/store", folder.display()), "")
    }

    /// On this store.
    pub(crate) fn on(store: &str, quota: u64) -> Self {
        Self::in_folder(quota, |_| store.to_owned(), "")
    }

    /// With further lines at the head of the configuration.
    pub(crate) fn with(store: &str, quota: u64, lines: &str) -> Self {
        Self::in_folder(quota, |_| store.to_owned(), lines)
    }

    fn in_folder(quota: u64, store: impl Fn(&Path) -> String, lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let root = TestCa::root("Test Root", now());
        fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
        let path = folder.path().display();
        let configuration = format!(
            "listen = \"127.0.0.1:0\"\nstore = \"{store}\"\nkey_ring = \"{path}/keyring.toml\"\n{lines}\n\
             [validation]\ntrust = [\"{path}/root.pem\"]\n\
             [[credential]]\naccess_key = \"AK-alice\"\nsecret_key = \"SK-alice\"\nowner = \"alice\"\nquota = {quota}\n\
             [[credential]]\naccess_key = \"AK-bob\"\nsecret_key = \"SK-bob\"\nowner = \"bob\"\n\
             [[credential]]\naccess_key = \"AK-root\"\nsecret_key = \"SK-root\"\nrole = \"operator\"\n"
        );
        fs::write(folder.path().join("certkeep.toml"), configuration).unwrap();
        Self { folder, authority: root.intermediate("Test CA"), root }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn trust(&self) -> TrustAnchors {
        self.root.trust()
    }

    /// Adds tables to the configuration, and fields to Alice's credential.
    pub(crate) fn configure(&self, tables: &str, fields: &str) {
        let path = self.folder.path().join("certkeep.toml");
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("owner = \"alice\"\n", &format!("owner = \"alice\"\n{fields}\n"));
        fs::write(path, text.replacen("[[credential]]", &format!("{tables}[[credential]]"), 1)).unwrap();
    }

    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.authority.issue(&TestLeaf::new(&[name]))
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn start(&self) -> Server {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, flags: &[&str]) -> Server {
        self.start_as(flags, Stdio::inherit())
    }

    /// With its log going there.
    pub(crate) fn start_logging(&self, log: impl Into<Stdio>) -> Server {
        self.start_as(&[], log.into())
    }

    /// With its store on a disk of some megabytes, of which a third is taken until [`make_room`](Self::make_room).
    pub(crate) fn start_on_small_disk(&self) -> Server {
        fs::create_dir(self.store()).unwrap();
        let mut program = test_postgres::with_small_disk(&self.store(), &self.ballast());
        program.arg(PROGRAM);
        self.start_program(program, &[], Stdio::inherit())
    }

    /// Frees a part of the small disk of a server, which nobody but the server sees.
    pub(crate) fn make_room(&self, server: &Server) {
        let root = PathBuf::from(format!("/proc/{}/root", server.id()));
        fs::remove_file(root.join(self.ballast().strip_prefix("/").unwrap())).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.store().join("ballast")
    }

    fn start_as(&self, flags: &[&str], log: Stdio) -> Server {
        self.start_program(Command::new(PROGRAM), flags, log)
    }

    fn start_program(&self, program: Command, flags: &[&str], log: Stdio) -> Server {
        let config = self.folder.path().join("certkeep.toml");
        let arguments = [&["--config", config.to_str().unwrap()], flags].concat();
        Server::start_program(program, self.folder.path(), &arguments, log)
    }
}

/// A running server; it is killed when dropped.
pub(crate) struct Server {
    child: Child,
    connection: Connection,
    pub(crate) announced: Vec<String>,
}

impl Server {
    /// Starts `certkeep serve` and waits until it says where it listens.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_program(Command::new(PROGRAM), folder, arguments, Stdio::inherit())
    }

    fn start_program(mut program: Command, folder: &Path, arguments: &[&str], log: Stdio) -> Self {
        // A developer's own configuration in the environment is not the tests'.
        let mut child = program
            .env_clear()
            .arg("serve")
            .args(arguments)
            .current_dir(folder)
            .envs(std::env::vars().filter(|(name, _)| !name.starts_with("CERTKEEP_")))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server ended before it listened").unwrap();
        let url = first.split_once("listens on ").expect("it says where it listens").1.to_owned();
        let mut announced = vec![first];
        // What follows is written in one go with the first line: where HTTPS is, and for people what to try.
        if arguments.contains(&"--tls-listen") {
            announced.extend(lines.by_ref().map_while(Result::ok).take(1));
        }
        if arguments.first() != Some(&"--config") {
            announced.extend(lines.map_while(Result::ok).take(5));
        }
        Self { child, connection: Connection { url }, announced }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing of the server runs any more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl std::ops::Deref for Server {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a server listens, whether it still does or not.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) url: String,
}

impl Connection {
    pub(crate) fn upload(&self, tenant: Tenant, name: &str, issued: &Issued) -> Option<Answer> {
        let body = json!({ "name": name, "ca": issued.chain_pem(), "pri": issued.key_pem() });
        self.call(tenant, "POST", "/sslcert", body.to_string().as_bytes())
    }

    /// The answer, or `None` where the server went away.
    pub(crate) fn call(&self, tenant: Tenant, method: &str, target: &str, body: &[u8]) -> Option<Answer> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.url))
            .header("Authorization", cert_http::sign_qbox(tenant.access_key, tenant.secret_key, target))
            .header("Content-Type", "application/json")
            .body(body)
            .unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        let mut response = ureq::Agent::from(config).run(request).ok()?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().ok()?;
        let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        Some(Answer { status, json })
    }

    /// Every certificate of the tenant, page by page.
    pub(crate) fn list(&self, tenant: Tenant) -> Vec<Value> {
        let (mut certs, mut marker) = (Vec::new(), String::new());
        loop {
            let page = self.call(tenant, "GET", &format!("/sslcert?marker={marker}&limit=7"), b"").unwrap();
            assert_eq!(page.status, 200, "{}", page.json);
            let items = page.json["certs"].as_array().unwrap();
            if items.is_empty() {
                assert_eq!(page.json["marker"], "");
                return certs;
            }
            certs.extend(items.iter().cloned());
            marker = page.json["marker"].as_str().unwrap().to_owned();
            assert!(!marker.is_empty(), "a page that is not empty has a marker");
        }
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Value,
}

pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix(elapsed.as_secs().try_into().unwrap())
}
