//! In an empty folder: the server starts without a word of configuration, and the line that it prints works.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use server::Server;

#[test]
fn the_printed_line_uploads_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let line = server.announced.iter().find(|line| line.contains("cert upload")).expect("a line to try next");

    let output = Command::new("sh").args(["-c", line]).current_dir(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = printed.lines().collect();
    let id = lines[0].strip_prefix("stored as ").expect("an id");
    assert_eq!(id.len(), 24);
    let listed = lines.last().unwrap();
    assert!(listed.starts_with(id) && listed.contains("demo.certkeep.example"), "{printed}");

    for file in ["certkeep.toml", "credential.env", "keyring.toml", "demo/key.pem"] {
        assert_eq!(mode(&folder.path().join("certkeep-data").join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&folder.path().join("certkeep-data")), 0o700);
    assert_eq!(server.terminate(), Some(0), "it stops when asked to");

    let again = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let script = format!(
        ". ./certkeep-data/credential.env && {} cert list --url {}",
        env!("CARGO_BIN_EXE_certkeep"),
        again.url
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(id), "it is still there after a restart");
}

#[test]
fn a_lost_key_ring_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Server::start(folder.path(), &["--listen", "127.0.0.1:0"]).terminate(), Some(0));
    let ring = folder.path().join("certkeep-data/keyring.toml");
    fs::remove_file(&ring).unwrap();

    let output = Command::new(env!("CARGO_BIN_EXE_certkeep"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("keyring.toml") && said.contains("backup"), "{said}");
    assert!(!ring.exists(), "the next start must not find a ring that opens nothing");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
