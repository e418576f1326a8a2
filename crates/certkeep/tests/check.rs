//! `certkeep check`: exit codes, and a report for people and for programs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    path::{Path, PathBuf},
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
fn it_says_which_certificate_what_was_expected_and_what_to_do() {
    let output = check(&frozen(), &["ec.pem", "--key", "rsa.key.pem", "--trust", "root.pem", "--at", AT]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "error[key_mismatch] 404906: the key\n",
        "  expected: the EC P-256 key of www.example.com\n",
        "  actual: RSA 2048 key",
        "  fix: Send the private key",
        "refused with 404906\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = check(&frozen(), &["ec.pem", "--trust", "root.pem", "--at", "2028-01-01"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the chain, certificate 1 (www.example.com), SHA-256 "), "{text}");
}

#[test]
fn it_speaks_chinese() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("chain.pem"), "nothing").unwrap();
    for tag in ["zh-CN", "zh-cn"] {
        let text = String::from_utf8(check(folder.path(), &["chain.pem", "--lang", tag]).stdout).unwrap();
        assert!(text.contains("处理办法：") && text.contains("未通过"), "{text}");
        let json = check(folder.path(), &["chain.pem", "--json", "--lang", tag]);
        let report: Value = serde_json::from_slice(&json.stdout).unwrap();
        assert!(report["findings"][0]["message"].as_str().unwrap().ends_with('。'), "{report}");
    }
    assert_eq!(check(folder.path(), &["chain.pem", "--lang", "fr"]).status.code(), Some(2));
}

#[test]
fn encrypted_keys_and_pkcs12_files_are_opened_with_a_passphrase_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = |text: &str| {
        let path = folder.path().join("passphrase");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let judge = |arguments: &[&str], passphrase: &str| {
        let ending = ["--trust", "root.pem", "--at", AT, "--json", "--passphrase-file", passphrase];
        let output = check(&frozen(), &[arguments, &ending].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report["findings"][0]["rule"].as_str().map(str::to_owned))
    };
    let rule = |rule: &str| Some(rule.to_owned());
    let key = &["ec.pem", "--key", "ec_pbes2_aes256.key.pem"][..];
    assert_eq!(judge(key, &passphrase("secret\n")), (Some(0), None));
    assert_eq!(judge(key, &passphrase("secret")), (Some(0), None));
    assert_eq!(judge(key, &passphrase("secret\n\n")), (Some(1), rule("wrong_passphrase")));
    for file in ["modern.p12", "legacy.p12", "java.p12", "modern.p12.base64"] {
        assert_eq!(judge(&[file], &passphrase("secret\n")), (Some(0), rule("root_included")), "{file}");
    }
    assert_eq!(judge(&["modern.p12"], &passphrase("")), (Some(1), rule("wrong_passphrase")));
    assert_eq!(judge(&["without_passphrase.p12"], &passphrase("")), (Some(0), rule("root_included")));
    let missing = check(&frozen(), &["modern.p12", "--trust", "root.pem"]);
    let text = String::from_utf8(missing.stdout).unwrap();
    assert!(text.contains("key_encrypted") && text.contains("--passphrase-file FILE"), "{text}");

    assert_eq!(check(&frozen(), &["ec.pem", "--passphrase-file", "nowhere"]).status.code(), Some(2));
    assert_eq!(check(&frozen(), &["-", "--passphrase-file", "-"]).status.code(), Some(2));
    assert_eq!(
        check(&frozen(), &["ec.pem", "--passphrase", "secret"]).status.code(),
        Some(2),
        "never an argument"
    );
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let plain = check(&frozen(), &["rsa.key.pem"]);
    assert!(!plain.stdout.contains(&0x1b), "a pipe is no terminal");
    // `script` runs a command in a terminal of its own.
    let in_terminal = |variable: &str, value: &str| {
        let command = format!("{} check rsa.key.pem", env!("CARGO_BIN_EXE_certkeep"));
        Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(frozen())
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env(variable, value)
            .output()
    };
    let Ok(coloured) = in_terminal("LANG", "C") else {
        eprintln!("skipped: there is no script command here");
        return;
    };
    assert!(coloured.stdout.contains(&0x1b), "{coloured:?}");
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = in_terminal(variable, value).unwrap();
        assert!(!plain.stdout.contains(&0x1b) && !plain.stdout.is_empty(), "{variable}: {plain:?}");
    }
}

/// When the frozen uploads are valid.
const AT: &str = "2026-11-30";

/// Uploads that the core's tests keep; the recipe among them says how they were made.
fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cert-core/tests/data/encrypted")
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_certkeep"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}
