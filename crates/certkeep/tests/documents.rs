//! The commands and names that the documents print: run as they stand there, and held against the program.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use server::{ROOT, Server, Site};

/// A document of the repository.
fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// The commands of a document: its blocks of shell.
fn blocks(document: &str) -> Vec<&str> {
    document.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// The lines that are commands, without the rest, which is for people.
fn commands(block: &str) -> impl Iterator<Item = &str> {
    block.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Runs the walk of a README in one shell, after the first start of a server. Gives the commands that were refused, and
/// all that was printed.
fn walk(name: &str) -> (Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    fs::create_dir_all(folder.path().join("target/release")).unwrap();
    symlink(env!("CARGO_BIN_EXE_certkeep"), folder.path().join("target/release/certkeep")).unwrap();

    let text = document(name);
    let block = blocks(&text).into_iter().find(|block| block.contains("credential.env")).unwrap();
    let lines: Vec<&str> = commands(block).collect();
    // A terminal knows aliases; and nothing else says which command ended with what.
    let script: String = lines.iter().map(|line| format!("{line}\necho \"ended with $?\"\n")).collect();
    let script = format!("shopt -s expand_aliases\nexport CERTKEEP_URL={}\n{script}", server.url);
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let codes: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("ended with ")).collect();
    assert_eq!(codes.len(), lines.len(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(codes.iter().all(|code| ["0", "1"].contains(code)), "{codes:?}: {printed}");
    let refused =
        lines.iter().zip(codes).filter(|(_, code)| *code == "1").map(|(line, _)| (*line).to_owned());
    (refused.collect(), printed + &String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_walk_of_the_readme() {
    let (refused, printed) = walk("README.md");
    let key = "certkeep cert upload certkeep-data/demo/chain.pem --key certkeep-data/demo/ca.pem";
    assert_eq!(refused, [key, "certkeep cert delete $id"], "{printed}");
    assert!(printed.contains("400611") && printed.contains("404906"), "{printed}");
}

#[test]
fn the_walk_of_the_chinese_readme() {
    let (refused, printed) = walk("README.zh-CN.md");
    assert_eq!(refused, ["certkeep cert delete $id --lang zh-CN"], "{printed}");
    assert!(printed.contains("400611"), "{printed}");
}

#[test]
fn the_rotation_of_keys() {
    let site = Site::new(10);
    let mut server = site.start();
    let ring = fs::read_to_string(site.folder().join("keyring.toml")).unwrap();
    let old =
        ring.lines().find_map(|line| line.strip_prefix("id = \"")).unwrap().trim_end_matches('"').to_owned();
    server.upload(server::ALICE, "a", &site.issue("a.example.com")).unwrap();

    let text = document("docs/operations.md");
    let block = blocks(&text).into_iter().find(|block| block.contains("key-ring add")).unwrap();
    let (mut new, mut ran) = (String::new(), 0);
    for line in commands(block) {
        let line = line.replace("OLD-ID", &old).replace("NEW-ID", &new);
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(site.folder())
            .env("PATH", with_certkeep())
            .envs([("CERTKEEP_URL", &*server.url), ("CERTKEEP_ACCESS_KEY", ROOT.access_key)])
            .env("CERTKEEP_SECRET_KEY", ROOT.secret_key)
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        if line.contains(" add ") {
            new = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        }
        if line.contains("key-ring") {
            assert_eq!(server.terminate(), Some(0));
            server = site.start();
        }
        ran += 1;
    }
    assert_eq!(ran, 4);
}

/// The search path, the program first.
fn with_certkeep() -> std::ffi::OsString {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_certkeep"));
    let path = std::env::var_os("PATH").unwrap();
    let folders = std::iter::once(program.parent().unwrap().to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
    words.filter(|word| word.starts_with("certkeep_")).collect()
}

#[test]
fn the_metrics_of_the_guide_and_of_the_alerts_are_there() {
    let source = ["src/numbers.rs", "src/listen.rs", "src/timed_store.rs", "../cert-http/src/observe.rs"]
        .map(|file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap())
        .concat();
    let (guide, alerts) = (document("docs/operations.md"), document("deploy/alerts.yaml"));
    let (counted, listed) = (metrics(&source), metrics(&guide));
    assert_eq!(listed.difference(&counted).collect::<Vec<_>>(), Vec::<&&str>::new(), "nobody counts these");
    assert_eq!(counted.difference(&listed).collect::<Vec<_>>(), Vec::<&&str>::new(), "the guide lacks these");
    for name in metrics(&alerts) {
        assert!(counted.contains(name.trim_end_matches("_bucket")), "{name}");
    }
}
