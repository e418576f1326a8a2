//! The sled backend when it is killed, and when the folder cannot be written.
//!
//! The writes happen in a process of their own: this test binary, run again with a folder in its environment.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use cert_store::{
    CertStore, Generation, OpenError, PageSize, Quota, SledStore,
    conformance::{Sample, now, owner},
};
use tempfile::TempDir;

const FOLDER: &str = "CERTKEEP_TEST_FOLDER";
const FIRST: &str = "CERTKEEP_TEST_FIRST";

/// Not a test: the process that writes. Prints the number of each certificate that was acknowledged.
#[test]
fn writing_process() {
    let (Ok(folder), Ok(first)) = (env::var(FOLDER), env::var(FIRST)) else {
        return;
    };
    let store = Arc::new(SledStore::open(folder).unwrap());
    let first: u64 = first.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let writers: Vec<_> =
            (0..4).map(|writer| tokio::spawn(write(Arc::clone(&store), first + writer))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Writes until it is killed.
async fn write(store: Arc<SledStore>, first: u64) {
    for number in (first..).step_by(4) {
        store.insert(sample(number).new_cert(), Quota::UNLIMITED, now()).await.unwrap();
        println!("\nwrote {number}");
    }
}

fn sample(number: u64) -> Sample {
    Sample::new(&owner("alice"), number)
}

fn start(folder: &Path, first: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "writing_process", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Everything that was acknowledged is there and whole, nothing is there by half, and the counters are right.
async fn check(folder: &Path, acknowledged: &[u64]) {
    let store = SledStore::open(folder).unwrap();
    let (alice, mut after, mut listed) = (owner("alice"), None, Vec::new());
    loop {
        let page = store.page(&alice, after, PageSize::MAX).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        listed.extend(page);
    }
    for cert in &listed {
        assert_eq!(store.get(cert.id).await.unwrap().chain.len(), 2);
        store.sealed_key(cert.id, Generation::FIRST).await.unwrap();
    }
    for &number in acknowledged {
        let id = sample(number).id();
        assert!(
            listed.binary_search_by_key(&id, |cert| cert.id).is_ok(),
            "{number} was acknowledged and is lost"
        );
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap().total, listed.len() as u64);
    assert_eq!(store.totals().await.unwrap().certificates, listed.len() as u64);
    assert_eq!(store.head().await.unwrap().position(), listed.len() as u64);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn killed_in_the_middle_of_writes_twenty_times() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..20 {
        let mut child = start(folder.path(), round * 1_000_000);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| line.strip_prefix("wrote ")?.parse::<u64>().ok());
        // Killed at another moment each time; what the pipe still holds was acknowledged too.
        for (count, number) in (1..).zip(numbers) {
            acknowledged.push(number);
            if count == 20 + 7 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        block_on(check(folder.path(), &acknowledged));
    }
    assert!(acknowledged.len() > 20 * 20);
}

/// `/proc` is where not even root may make a folder.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_a_typed_error() {
    let refused = SledStore::open("/proc/certkeep").unwrap_err();
    assert!(
        matches!(&refused, OpenError::Io { path, .. } if path.starts_with("/proc/certkeep")),
        "{refused}"
    );
}
