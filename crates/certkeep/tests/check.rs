//! `certkeep check`: exit codes, and a report for people and for programs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use cert_core::testing::{TestCa, TestLeaf};
use serde_json::Value;

#[test]
fn the_exit_code_says_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let now = server::now();
    let root = TestCa::root("Check Root", now);
    let issued = root.intermediate("Check CA").issue(&TestLeaf::new(&["www.example.com"]));
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("root.pem", root.pem());
    write("chain.pem", issued.chain_pem());
    write("leaf.pem", issued.leaf_pem());
    write("key.pem", issued.key_pem());

    let good = check(folder.path(), &["chain.pem", "--key", "key.pem", "--trust", "root.pem"]);
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    let missing = check(folder.path(), &["leaf.pem", "--key", "key.pem", "--trust", "root.pem"]);
    assert_eq!(missing.status.code(), Some(1));
    let text = String::from_utf8(missing.stdout).unwrap();
    assert!(text.contains("issuer_missing") && text.contains("Check CA") && text.contains("fix:"), "{text}");
    let untrusted = check(folder.path(), &["chain.pem", "--json"]);
    assert_eq!(untrusted.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&untrusted.stdout).unwrap();
    assert_eq!((&report["accepted"], &report["verdict"]), (&Value::from(false), &Value::from(400_323)));
    let late = check(folder.path(), &["chain.pem", "--trust", "root.pem", "--at", "2099-01-01"]);
    assert_eq!(late.status.code(), Some(1));
    assert_eq!(check(folder.path(), &["nowhere.pem"]).status.code(), Some(2));
    assert_eq!(check(folder.path(), &["chain.pem", "--at", "soon"]).status.code(), Some(2));
}

#[test]
fn it_speaks_chinese() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("chain.pem"), "nothing").unwrap();
    let output = check(folder.path(), &["chain.pem", "--lang", "zh-CN"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains('。'));
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_certkeep"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}
