//! The provider's official Python SDK against the real server: `sdk.py` beside this file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::json;
use server::{ALICE, BOB, Site};

/// The variable by which `cargo xtask test` says where the SDK is installed.
const PYTHON: &str = "CERTKEEP_TEST_PYTHON";

#[test]
fn the_official_sdk_works_on_memory() {
    run_on(&["memory:".to_owned()]);
}

#[test]
fn the_official_sdk_works_on_sled() {
    let folder = tempfile::tempdir().unwrap();
    run_on(&[format!("sled:{}/store", folder.path().display())]);
}

#[test]
fn the_official_sdk_works_on_postgres() {
    if let Some(store) = postgres() {
        run_on(&[store]);
    }
}

#[test]
fn the_official_sdk_works_on_two_nodes_at_random() {
    if let Some(store) = postgres() {
        run_on(&[store.clone(), store]);
    }
}

/// A schema of its own.
fn postgres() -> Option<String> {
    test_postgres::shared_url().map(|url| format!("{url}?schema={}", test_postgres::schema()))
}

/// One server a store, all on one key ring.
fn run_on(stores: &[String]) {
    let Some(python) = std::env::var_os(PYTHON) else {
        eprintln!("skipped: {PYTHON} is not set; `cargo xtask test` installs the SDK and sets it");
        return;
    };
    let site = Site::on(&stores[0], 5);
    let servers: Vec<_> = stores.iter().map(|_| site.start()).collect();
    let certificates: Vec<_> = (0..6)
        .map(|n| {
            let issued = site.issue(&format!("sdk{n}.example.com"));
            json!({ "name": format!("sdk{n}"), "ca": issued.chain_pem(), "pri": issued.key_pem() })
        })
        .collect();
    let input = json!({
        "urls": servers.iter().map(|server| server.url.clone()).collect::<Vec<_>>(),
        "alice": [ALICE.access_key, ALICE.secret_key],
        "bob": [BOB.access_key, BOB.secret_key],
        "certificates": certificates,
    });

    let mut script = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    script.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    assert_eq!(printed.lines().last(), Some("all steps done"));
}
