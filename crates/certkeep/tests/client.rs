//! `certkeep cert`: what it prints, what it writes, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use server::{ALICE, Site};

#[derive(Clone, Copy)]
struct Client<'a> {
    folder: &'a Path,
    url: &'a str,
    secret_key: &'a str,
}

impl Client<'_> {
    /// The exit code, and what it printed to either output.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_certkeep"))
            .arg("cert")
            .args(arguments)
            .current_dir(self.folder)
            .env("CERTKEEP_URL", self.url)
            .env("CERTKEEP_ACCESS_KEY", ALICE.access_key)
            .env("CERTKEEP_SECRET_KEY", self.secret_key)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text)
    }
}

#[test]
fn upload_get_list_delete() {
    let (site, folder) = (Site::new(10), tempfile::tempdir().unwrap());
    let server = site.start();
    let issued = site.issue("cli.example.com");
    fs::write(folder.path().join("chain.pem"), issued.chain_pem()).unwrap();
    fs::write(folder.path().join("key.pem"), issued.key_pem()).unwrap();
    let client = Client { folder: folder.path(), url: &server.url, secret_key: ALICE.secret_key };

    let (code, said) =
        client.run(&["upload", "chain.pem", "--key", "key.pem", "--name", "cli", "--label", "a=b"]);
    assert_eq!(code, Some(0), "{said}");
    let id = said.strip_prefix("stored as ").unwrap().trim_end();
    let (code, said) = client.run(&["list", "--limit", "1"]);
    assert!(code == Some(0) && said.starts_with(id) && said.contains("cli.example.com"), "{said}");
    let (code, said) = client.run(&["get", id, "--chain", "got-chain.pem", "--key", "got-key.pem"]);
    assert!(code == Some(0) && said.contains("cli.example.com") && !said.contains("PRIVATE"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("got-chain.pem")).unwrap(), issued.chain_pem());
    let key = folder.path().join("got-key.pem");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&key).unwrap().lines().eq(issued.key_pem().lines()));

    assert_eq!(client.run(&["delete", id]).0, Some(0));
    let (code, said) = client.run(&["get", id]);
    assert!(code == Some(1) && said.contains("400401") && said.contains("not_found"), "{said}");
}

/// The server does not trust the root of the frozen uploads, and one day they will have expired: both are said only of
/// what was opened.
#[test]
fn encrypted_keys_and_pkcs12_files_reach_the_server() {
    let (site, folder) = (Site::new(10), tempfile::tempdir().unwrap());
    let server = site.start();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cert-core/tests/data/encrypted");
    for file in ["ec.pem", "ec_aes256.key.pem", "modern.p12", "modern.p12.base64"] {
        fs::copy(data.join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("right"), "secret\n").unwrap();
    fs::write(folder.path().join("wrong"), "Secret\n").unwrap();
    let client = Client { folder: folder.path(), url: &server.url, secret_key: ALICE.secret_key };

    for upload in [&["ec.pem", "--key", "ec_aes256.key.pem"][..], &["modern.p12"], &["modern.p12.base64"]] {
        for (file, refusal) in [("right", "refused with 4003"), ("wrong", "404906 (wrong_passphrase)")] {
            let (code, said) = client.run(&[&["upload"], upload, &["--passphrase-file", file]].concat());
            assert!(code == Some(1) && said.contains(refusal), "{upload:?}: {said}");
        }
        let (code, said) = client.run(&[&["upload"], upload].concat());
        assert!(code == Some(1) && said.contains("key_encrypted"), "{upload:?}: {said}");
    }
}

#[test]
fn failures_say_what_to_do() {
    let (site, folder) = (Site::new(10), tempfile::tempdir().unwrap());
    let server = site.start();
    let issued = site.issue("cli.example.com");
    fs::write(folder.path().join("leaf.pem"), issued.leaf_pem()).unwrap();
    fs::write(folder.path().join("key.pem"), issued.key_pem()).unwrap();
    let client = Client { folder: folder.path(), url: &server.url, secret_key: ALICE.secret_key };

    let (code, said) = client.run(&["upload", "leaf.pem", "--key", "key.pem"]);
    assert!(code == Some(1) && said.contains("issuer_missing") && said.contains("fix:"), "{said}");
    let (code, said) = client.run(&["upload", "nowhere.pem", "--key", "key.pem"]);
    assert!(code == Some(2) && said.contains("nowhere.pem"), "{said}");
    let (code, said) = client.run(&["upload", "leaf.pem"]);
    assert!(code == Some(2) && said.contains("--key"), "{said}");
    let (code, said) = client.run(&["get", "../x"]);
    assert!(code == Some(2) && said.contains("24 hex digits"), "{said}");
    let (code, said) = Client { secret_key: "wrong", ..client }.run(&["list"]);
    assert!(code == Some(1) && said.contains("bad token"), "{said}");
    let (code, said) = Client { secret_key: "", ..client }.run(&["list"]);
    assert!(code == Some(2) && said.contains("CERTKEEP_SECRET_KEY"), "{said}");
    let (code, said) = Client { url: "http://127.0.0.1:1", ..client }.run(&["list"]);
    assert!(code == Some(2) && said.contains("certkeep serve"), "{said}");
}

#[test]
fn a_server_that_cannot_now_has_not_said_no() {
    let site = Site::with("memory:", 10, "[limits]\nrate = { per_second = 1, burst = 1 }");
    let server = site.start();
    let client = Client { folder: site.folder(), url: &server.url, secret_key: ALICE.secret_key };
    let codes = [client.run(&["list"]), client.run(&["list"]), client.run(&["list"])];
    let limited = codes.iter().find(|(code, _)| *code != Some(0)).expect("one above the rate");
    assert_eq!(limited.0, Some(2), "whoever repeats what ends with 2 is served later: {}", limited.1);
    assert!(limited.1.contains("rate_limited"), "{}", limited.1);
}
