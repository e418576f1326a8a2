//! The sled backend when it is killed, when the disk is full, and when the folder cannot be written.
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
    CertStore, Generation, OpenError, PageSize, Quota, SledStore, StoreError,
    conformance::{Sample, now, owner},
};
use tempfile::TempDir;

const FOLDER: &str = "CERTKEEP_TEST_FOLDER";
const FIRST: &str = "CERTKEEP_TEST_FIRST";

/// Not a test: the process that writes. Prints the number of each certificate that was acknowledged, then how it ended.
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
            let failure = writer.await.unwrap();
            println!("\nfailed {failure:?}");
        }
        // The writer thread is still there to answer. So are reads: with what is there, or with an error that is typed,
        // since sled may refuse them too until it is opened again.
        let refused = store.insert(sample(first + 999_999).new_cert(), Quota::UNLIMITED, now()).await;
        println!("\nfailed {:?}", refused.unwrap_err());
        match store.page(&owner("alice"), None, PageSize::MIN).await {
            Ok(page) => println!("\nread {}", page.len()),
            Err(failure) => println!("\nread failed {failure:?}"),
        }
    });
}

/// Writes until it fails.
async fn write(store: Arc<SledStore>, first: u64) -> StoreError {
    for number in (first..).step_by(4) {
        match store.insert(sample(number).new_cert(), Quota::UNLIMITED, now()).await {
            Ok(_) => println!("\nwrote {number}"),
            Err(failure) => return failure,
        }
    }
    unreachable!("numbers do not end")
}

fn sample(number: u64) -> Sample {
    Sample::new(&owner("alice"), number)
}

fn start(mut command: Command, folder: &Path, first: u64) -> Child {
    command
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
        let mut child = start(Command::new(env::current_exe().unwrap()), folder.path(), round * 1_000_000);
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

#[cfg(unix)]
#[test]
fn a_full_disk_is_a_typed_error_and_the_store_works_again_afterwards() {
    let folder = TempDir::new().unwrap();
    drop(SledStore::open(folder.path()).unwrap());
    // A limit on the size of files fails writes as a full disk does, and needs no privileges.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    let mut child = start(limited, folder.path(), 0);
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    child.wait().unwrap();
    let numbers: Vec<u64> =
        lines.iter().filter_map(|line| line.strip_prefix("wrote ")?.parse().ok()).collect();
    let failures: Vec<&String> = lines.iter().filter(|line| line.starts_with("failed ")).collect();
    assert!(!numbers.is_empty());
    let read = lines.iter().find_map(|line| line.strip_prefix("read ")).expect("a read is answered");
    let is_unavailable = read.starts_with("failed Unavailable {") && read.contains("backend: \"sled\"");
    assert!(read == "1" || is_unavailable, "{read}");
    assert_eq!(failures.len(), 5, "each writer, and one after them: {failures:?}");
    for failure in &failures {
        let is_typed = failure.contains("Unknown {") || failure.contains("Unavailable {");
        assert!(is_typed && failure.contains("backend: \"sled\""), "{failure}");
    }
    let last = failures[4];
    assert!(last.contains("Unavailable {"), "nothing is built upon what may be lost: {last}");
    block_on(check(folder.path(), &numbers));
    let store = SledStore::open(folder.path()).unwrap();
    block_on(store.insert(sample(u64::from(u32::MAX)).new_cert(), Quota::UNLIMITED, now())).unwrap();
}
