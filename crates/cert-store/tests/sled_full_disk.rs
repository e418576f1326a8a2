//! The sled backend on a disk that is full for a while: one store, which works again by itself.
//!
//! What fills the disk is a process of its own: this test binary, run again where little can be written.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cert_store::{
    CertId, CertStore, Generation, PageSize, Quota, SledStore, StoreError,
    conformance::{Sample, now, owner},
};
use rustix::process::{Resource, getrlimit, setrlimit};
use tempfile::TempDir;

const FOLDER: &str = "CERTKEEP_TEST_FOLDER";
const BALLAST: &str = "CERTKEEP_TEST_BALLAST";

/// Not a test: the process that fills the disk, and then makes room.
#[test]
fn filling_process() {
    let Ok(folder) = env::var(FOLDER) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(fill(Path::new(&folder), env::var_os(BALLAST).map(PathBuf::from)));
}

async fn fill(folder: &Path, ballast: Option<PathBuf>) {
    let store = SledStore::open(folder).unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut numbers = 0..;
    // Several at a time, so that one sync fails for all of them.
    while acknowledged.len() == numbers.start as usize {
        let calls = numbers.by_ref().take(4).map(|number| write(&store, number));
        acknowledged.extend(futures_util::future::join_all(calls).await.into_iter().flatten());
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    // Longer than the store waits before it tries again.
    for number in numbers.by_ref().take(5) {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let written = write(&store, number).await;
        let read = store.get(*acknowledged.first().unwrap()).await;
        if ballast.is_some() {
            // The store has looked before it wrote, so it is well.
            assert!(matches!(written, Err(StoreError::Unavailable { .. })), "{written:?}");
            read.unwrap();
        } else {
            acknowledged.extend(written);
        }
    }
    make_room(ballast);
    let mut numbers = numbers.map(|number| write(&store, number));
    for _ in 0..600 {
        if let Ok(id) = numbers.next().unwrap().await {
            acknowledged.insert(id);
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for written in numbers.take(50) {
        acknowledged.insert(written.await.expect("it works again"));
    }
    check(&store, &acknowledged).await;
    drop(store);
    check(&SledStore::open(folder).unwrap(), &acknowledged).await;
}

/// If the certificate is not stored, that is said with a typed error.
async fn write(store: &SledStore, number: u64) -> Result<CertId, StoreError> {
    let written =
        store.insert(Sample::new(&owner("alice"), number).new_cert(), Quota::UNLIMITED, now()).await;
    let is_typed = |error: &StoreError| {
        matches!(
            error,
            StoreError::Unknown { backend: "sled", .. } | StoreError::Unavailable { backend: "sled", .. }
        )
    };
    written.map(|inserted| inserted.id).inspect_err(|error| assert!(is_typed(error), "{error:?}"))
}

/// Frees a part of the disk, or lets files grow again.
fn make_room(ballast: Option<PathBuf>) {
    if let Some(ballast) = ballast {
        fs::remove_file(ballast).unwrap();
    } else {
        let mut limit = getrlimit(Resource::Fsize);
        limit.current = limit.maximum;
        setrlimit(Resource::Fsize, limit).unwrap();
    }
}

/// Everything that was acknowledged is there and whole, nothing is there by half, and the counters are right.
async fn check(store: &SledStore, acknowledged: &BTreeSet<CertId>) {
    let (alice, mut listed) = (owner("alice"), BTreeSet::new());
    loop {
        let page = store.page(&alice, listed.last().copied(), PageSize::MAX).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|cert| cert.id));
    }
    assert!(acknowledged.is_subset(&listed));
    for &id in &listed {
        store.get(id).await.unwrap();
        store.sealed_key(id, Generation::FIRST).await.unwrap();
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap().total, listed.len() as u64);
    assert_eq!(store.head().await.unwrap().position(), listed.len() as u64);
}

fn succeeds(command: &mut Command, folder: &Path) {
    let output =
        command.args(["--exact", "filling_process", "--nocapture"]).env(FOLDER, folder).output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_limit_on_files_is_a_typed_error_until_it_is_lifted() {
    let folder = TempDir::new().unwrap();
    // Fails writes as a full disk does, and needs no privileges.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$0\" \"$@\""]);
    succeeds(limited.arg(env::current_exe().unwrap()), folder.path());
}

#[test]
fn a_full_disk_is_a_typed_error_until_there_is_room() {
    if !test_postgres::small_disks_are_possible() {
        return;
    }
    let disk = TempDir::new().unwrap();
    let ballast = disk.path().join("ballast");
    let mut mounted = test_postgres::with_small_disk(disk.path(), &ballast);
    succeeds(mounted.arg(env::current_exe().unwrap()).env(BALLAST, &ballast), &disk.path().join("store"));
}
