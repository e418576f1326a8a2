//! The two servers, each in a process of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Bytes, http::header, routing::get};
use cert_core::{
    Timestamp,
    testing::{TestCa, TestLeaf},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    client::{self, Request},
    cpu,
};

const ACCESS_KEY: &str = "AK-load";
const SECRET_KEY: &str = "SK-load";

/// A server in a process of its own, which ends with this.
pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("a server starts");
        let address = address_of(&mut process);
        Self { process, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The processor time that it has taken.
    pub(crate) fn cpu(&self) -> Duration {
        cpu::of(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `certkeep serve` on sled, as it is without a flag, its log going to a file.
pub(crate) struct Certkeep {
    pub(crate) server: Server,
    pub(crate) root: TestCa,
    _folder: TempDir,
}

impl Certkeep {
    pub(crate) fn start(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = TestCa::root("Load Root", now());
        let path = folder.path().display().to_string();
        let configuration = format!(
            "listen = \"127.0.0.1:0\"\nstore = \"sled:{path}/store\"\nkey_ring = \"{path}/keyring.toml\"\n\
             [validation]\ntrust = [\"{path}/root.pem\"]\n[[credential]]\naccess_key = \"{ACCESS_KEY}\"\n\
             secret_key = \"{SECRET_KEY}\"\nowner = \"load\"\n"
        );
        fs::write(folder.path().join("root.pem"), root.pem()).expect("the folder can be written");
        fs::write(folder.path().join("certkeep.toml"), configuration).expect("the folder can be written");
        let log = fs::File::create(folder.path().join("log")).expect("the folder can be written");
        let configuration = format!("{path}/certkeep.toml");
        let server =
            Server::start(Command::new(program).args(["serve", "--config", &configuration]).stderr(log));
        Self { server, root, _folder: folder }
    }

    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    /// Stores a certificate, and gives the request that reads it.
    pub(crate) async fn store_one(&self) -> Request {
        let issued = self.root.intermediate("Load CA").issue(&TestLeaf::new(&["www.example.com"]));
        let body = json!({ "name": "www", "ca": issued.chain_pem(), "pri": issued.key_pem() });
        let answer = client::body(self.address(), &Self::signed("POST", "/sslcert", &body)).await;
        let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
        let target = format!("/sslcert/{}", answer["certID"].as_str().expect("an id"));
        let signature = cert_http::sign_qbox(ACCESS_KEY, SECRET_KEY, &target);
        Request::get(&target, &[("Authorization", &signature)])
    }

    pub(crate) fn signed(method: &str, target: &str, body: &Value) -> Request {
        let signature = cert_http::sign_qbox(ACCESS_KEY, SECRET_KEY, target);
        let headers = [("Authorization", signature.as_str()), ("Content-Type", "application/json")];
        Request::new(method, target, &headers, body.to_string().as_bytes())
    }
}

/// An axum handler that returns bytes, and nothing around it.
pub(crate) struct Bare {
    pub(crate) server: Server,
    _folder: TempDir,
}

impl Bare {
    pub(crate) fn start(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("body");
        fs::write(&path, bytes).expect("the folder can be written");
        let program = std::env::current_exe().expect("this program has a path");
        let server = Server::start(Command::new(program).arg("bare").arg(path));
        Self { server, _folder: folder }
    }

    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }
}

/// Serves the bytes of a file until it is killed.
pub(crate) fn run_bare(path: &str) -> ExitCode {
    let bytes = Bytes::from(fs::read(path).expect("the body can be read"));
    let handler = move || {
        let bytes = bytes.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], bytes) }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("threads can be started").block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("listens on http://{}", listener.local_addr().expect("it has an address"));
        axum::serve(listener, Router::new().route("/", get(handler))).await.expect("it serves");
    });
    ExitCode::SUCCESS
}

/// What a server prints first says where it listens.
fn address_of(process: &mut Child) -> String {
    let output = process.stdout.take().expect("it was asked for");
    let line = BufReader::new(output).lines().next().expect("it says where it listens").expect("text");
    line.split_once("http://").expect("an address").1.to_owned()
}

pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    Timestamp::from_unix(i64::try_from(elapsed.as_secs()).expect("it is before the end of time"))
}

/// Several requests, in turn.
pub(crate) type Requests = Arc<[Request]>;
