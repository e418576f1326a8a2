//! The key ring's file: what is accepted, what is refused, and that no refusal shows a key.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cert_core::Timestamp;
use cert_service::{KeyRingError, KeyWrapper as _, LocalKeyRing};
use tempfile::TempDir;

struct Ring {
    _folder: TempDir,
    path: PathBuf,
    text: String,
}

impl Ring {
    fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring.toml");
        LocalKeyRing::create(&path, "2026-11", Timestamp::from_unix(1_795_000_000)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        Self { _folder: folder, path, text }
    }

    fn material(&self) -> &str {
        self.text.split('"').nth(7).unwrap()
    }

    /// The error that the file has with this text.
    fn refused(&self, text: &str) -> KeyRingError {
        fs::write(&self.path, text).unwrap();
        let error = LocalKeyRing::from_file(&self.path).expect_err("it is refused");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(self.material()), "{shown}");
        assert!(shown.contains("keyring.toml"), "{shown}");
        error
    }
}

#[tokio::test]
async fn a_created_ring_reads_back() {
    let ring = Ring::create();
    assert_eq!(mode(&ring.path), 0o600);
    let read = LocalKeyRing::from_file(&ring.path).unwrap();
    let active = read.active().await.unwrap();
    assert!(active.as_str().starts_with("2026-11-"), "{active:?}");
    assert!(ring.text.contains(active.as_str()));
}

/// Environments are a process's own and set before it starts, so the ring is read in a process of its own: this test,
/// run again.
#[test]
fn a_ring_can_be_in_the_environment() {
    const VARIABLE: &str = "CERTKEEP_TEST_RING";
    if std::env::var(VARIABLE).is_ok() {
        match LocalKeyRing::from_env(VARIABLE) {
            Ok(_) => println!("\nit reads"),
            Err(error) => println!("\nit is refused: {error} {error:?}"),
        }
        return;
    }
    let ring = Ring::create();
    let with = |text: &str| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "a_ring_can_be_in_the_environment", "--nocapture"]).env(VARIABLE, text);
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    assert!(with(&ring.text).contains("it reads"));
    let refused = with(&ring.text.replace("version = 1", "version = 2"));
    assert!(refused.contains("it is refused: $CERTKEEP_TEST_RING: version 2"), "{refused}");
    assert!(!refused.contains(ring.material()));
    let missing = LocalKeyRing::from_env("CERTKEEP_TEST_NO_SUCH_RING").unwrap_err();
    assert!(matches!(missing, KeyRingError::Io { .. }), "{missing}");
}

#[test]
fn an_existing_ring_is_never_overwritten() {
    let ring = Ring::create();
    let again = LocalKeyRing::create(&ring.path, "2026-12", Timestamp::from_unix(0));
    assert!(matches!(again, Err(KeyRingError::Io { .. })));
    assert_eq!(fs::read_to_string(&ring.path).unwrap(), ring.text);
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let ring = Ring::create();
    for mode in [0o644, 0o640, 0o604, 0o660] {
        fs::set_permissions(&ring.path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = LocalKeyRing::from_file(&ring.path);
        assert!(matches!(refused, Err(KeyRingError::Mode { mode: m, .. }) if m == mode), "{mode:o}");
    }
}

#[test]
fn exactly_one_key_is_active() {
    let ring = Ring::create();
    let none = ring.refused(&ring.text.replace("\"active\"", "\"decrypt\""));
    assert!(matches!(none, KeyRingError::Active { count: 0, .. }));
    let key = ring.text.split_once("[[key]]").unwrap().1;
    let both = ring.refused(&format!("{}\n[[key]]{key}", ring.text));
    assert!(matches!(both, KeyRingError::Active { count: 2, .. }));
    let second = key.replace("\"active\"", "\"retired\"");
    let twice = ring.refused(&format!("{}\n[[key]]{second}", ring.text));
    assert!(matches!(twice, KeyRingError::Duplicate { .. }));
}

#[test]
fn damage_is_named_and_never_quoted() {
    let ring = Ring::create();
    let material = ring.material().to_owned();
    let short = ring.refused(&ring.text.replace(&material, &material[..8]));
    assert!(matches!(short, KeyRingError::Material { .. }));
    let of_another = Ring::create().material().to_owned();
    let swapped = ring.refused(&ring.text.replace(&material, &of_another));
    assert!(matches!(swapped, KeyRingError::Material { .. }), "the id belongs to the material");

    let misspelt = ring.refused(&ring.text.replace("material =", "materiel ="));
    assert!(matches!(misspelt, KeyRingError::Syntax { .. }));
    let unquoted = ring.refused(&ring.text.replace(&format!("\"{material}\""), &material));
    assert!(matches!(unquoted, KeyRingError::Syntax { line: 9, .. }), "{unquoted}");
    let newer = ring.refused(&ring.text.replace("version = 1", "version = 2"));
    assert!(matches!(newer, KeyRingError::Version { version: 2, .. }));
    assert!(matches!(LocalKeyRing::from_file("/no/such/ring"), Err(KeyRingError::Io { .. })));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
