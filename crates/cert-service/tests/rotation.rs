//! Rotating key-encryption keys: rewrap, retire, and what they promise beside writers and crashes.
//!
//! The rewrap that is killed happens in a process of its own: this test binary, run again with a folder in its
//! environment.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use cert_core::{Explain as _, Timestamp, testing::Issued};
use cert_service::{
    Action, Caller, CertService, FixedClock, KeyWrapper, LocalKeyRing, SealError, ServiceError, WrapError,
    testing::TestKms,
};
use cert_store::{CertId, CertStore, KekId, MemoryStore, PageSize, SealedKey, SledStore, StoreError};
use site::{NOW, Site, alice, upload};
use tempfile::TempDir;

/// A ring file with two keys: the older one active, then the newer one, then the older one gone.
struct Rings {
    _folder: TempDir,
    paths: [PathBuf; 3],
    old: KekId,
}

impl Rings {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let entry = |name: &str| {
            LocalKeyRing::create(path(name), name, Timestamp::from_unix(0)).unwrap();
            let text = fs::read_to_string(path(name)).unwrap();
            format!("[[key]]{}", text.split_once("[[key]]").unwrap().1)
        };
        let (older, newer) = (entry("older"), entry("newer"));
        let as_decrypt = |entry: &str| entry.replace("\"active\"", "\"decrypt\"");
        let texts = [
            format!("version = 1\n{older}{}", as_decrypt(&newer)),
            format!("version = 1\n{}{newer}", as_decrypt(&older)),
            format!("version = 1\n{newer}"),
        ];
        let paths = ["first", "second", "third"].map(path);
        for (path, text) in paths.iter().zip(texts) {
            LocalKeyRing::create(path, "file", Timestamp::from_unix(0)).unwrap();
            fs::write(path, text).unwrap();
        }
        let old = KekId::new(older.split('"').nth(1).unwrap()).unwrap();
        Self { _folder: folder, paths, old }
    }

    fn ring(&self, number: usize) -> Arc<dyn KeyWrapper> {
        Arc::new(LocalKeyRing::from_file(&self.paths[number]).unwrap())
    }
}

async fn service(store: &Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>) -> Result<CertService, ServiceError> {
    CertService::builder_shared(Arc::clone(store), ring).clock(FixedClock::new(NOW)).build().await
}

async fn under(store: &Arc<dyn CertStore>, kek: &KekId) -> usize {
    store.sealed_under(kek, None, PageSize::MAX).await.unwrap().len()
}

#[tokio::test]
async fn a_key_is_rotated_out() {
    let rings = Rings::new();
    let store: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
    let site = Site::on(Arc::clone(&store), rings.ring(0), 10).await;
    let (first, second) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 40));
    let id = site.store(&alice(), &first).await;
    site.certs.replace(&alice(), id, upload(&second), None).await.unwrap();
    let before = store.sealed_key(id, cert_store::Generation(1)).await.unwrap();

    let operator = Caller::operator();
    let active = site.certs.rewrap(&operator, &rings.old, &mut |_| {}).await;
    assert!(matches!(active, Err(ServiceError::ActiveKek { .. })));
    let active = site.certs.retire(&operator, &rings.old).await;
    assert!(matches!(active, Err(ServiceError::ActiveKek { .. })));

    let rotated = Site::on(Arc::clone(&store), rings.ring(1), 10).await;
    let in_use = rotated.certs.retire(&operator, &rings.old).await.unwrap_err();
    assert_eq!(in_use.rule(), "kek_in_use");
    let mut reports = Vec::new();
    let done = rotated.certs.rewrap(&operator, &rings.old, &mut |done| reports.push(done)).await.unwrap();
    assert_eq!((done.keys, done.damaged, reports.len()), (2, 0, 1), "both kept generations");
    assert_eq!(under(&store, &rings.old).await, 0);
    let after = store.sealed_key(id, cert_store::Generation(1)).await.unwrap();
    let tail = |sealed: &SealedKey| sealed.as_bytes()[sealed.as_bytes().len() - 150..].to_vec();
    assert_eq!(tail(&before), tail(&after), "the ciphertext is as it was");
    rotated.certs.retire(&operator, &rings.old).await.unwrap();
    let kek_actions: Vec<_> = rotated.events.taken().iter().map(|noted| noted.0).collect();
    assert_eq!(kek_actions, [Action::Rewrapped, Action::Retired]);

    // A node whose ring has it no more starts, and opens everything.
    let third = service(&store, rings.ring(2)).await.unwrap();
    assert_eq!(third.private_key(&alice(), id).await.unwrap().secret_der(), second.key_der());
    third.rollback(&alice(), id, None).await.unwrap();
    assert_eq!(third.private_key(&alice(), id).await.unwrap().secret_der(), first.key_der());
    // One that still has it active stores nothing.
    let refused = site.certs.upload(&alice(), upload(&site.issue("b.example"))).await.unwrap_err();
    assert_eq!(refused.rule(), "kek_retired");
    let refused = site.certs.replace(&alice(), id, upload(&site.issue("a.example")), None).await.unwrap_err();
    assert_eq!(refused.rule(), "kek_retired");
}

#[tokio::test]
async fn only_an_operator_over_all_rotates() {
    let site = Site::new(10).await;
    let kek = KekId::new("old").unwrap();
    for caller in [alice(), Caller::edge(), Caller::operator().acting_for("alice").unwrap()] {
        let rewrapped = site.certs.rewrap(&caller, &kek, &mut |_| {}).await;
        assert!(matches!(rewrapped, Err(ServiceError::NotAllowed)));
        assert!(matches!(site.certs.retire(&caller, &kek).await, Err(ServiceError::NotAllowed)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_written_under_a_retired_key_while_a_second_node_writes() {
    for _ in 0..5 {
        let rings = Rings::new();
        let store: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
        let second = Site::on(Arc::clone(&store), rings.ring(0), 1_000).await;
        let issued: Vec<Issued> = (0..30).map(|n| second.issue(&format!("n{n}.example"))).collect();
        second.store(&alice(), &issued[0]).await;
        let writer = {
            let certs = second.certs.clone();
            tokio::spawn(async move {
                for (n, issued) in issued.iter().enumerate().skip(1) {
                    match certs.upload(&alice(), upload(issued)).await {
                        Ok(_) => tokio::task::yield_now().await,
                        Err(ServiceError::Store(StoreError::Retired { .. })) => return n,
                        Err(error) => panic!("{error}"),
                    }
                }
                panic!("the key was never retired");
            })
        };
        let first = service(&store, rings.ring(1)).await.unwrap();
        let operator = Caller::operator();
        loop {
            first.rewrap(&operator, &rings.old, &mut |_| {}).await.unwrap();
            match first.retire(&operator, &rings.old).await {
                Err(ServiceError::Store(StoreError::InUse { .. })) => {}
                retired => break retired.unwrap(),
            }
        }
        assert_eq!(under(&store, &rings.old).await, 0);
        let stored = writer.await.unwrap();
        assert_eq!(under(&store, &rings.old).await, 0);
        let page = first.page(&alice(), None, PageSize::MAX).await.unwrap();
        assert_eq!(page.certs().len(), stored, "every upload that was answered is there");
        let third = service(&store, rings.ring(2)).await.unwrap();
        for cert in page.certs() {
            third.private_key(&alice(), cert.id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_that_was_altered_stops_nobody_but_is_told() {
    let rings = Rings::new();
    let store: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
    let site = Site::on(Arc::clone(&store), rings.ring(0), 10).await;
    let (bad, good) = (
        site.store(&alice(), &site.issue("a.example")).await,
        site.store(&alice(), &site.issue("b.example")).await,
    );
    let first = cert_store::Generation::FIRST;
    let mut bytes = store.sealed_key(bad, first).await.unwrap().as_bytes().to_vec();
    // Within the wrapped data key.
    bytes[60] ^= 1;
    store.rewrap(bad, first, &rings.old, SealedKey::from_bytes(bytes).unwrap(), NOW).await.unwrap();

    let rotated = service(&store, rings.ring(1)).await.unwrap();
    let done = rotated.rewrap(&Caller::operator(), &rings.old, &mut |_| {}).await.unwrap();
    assert_eq!((done.keys, done.damaged), (1, 1));
    rotated.private_key(&Caller::operator(), good).await.unwrap();
    let damaged = rotated.private_key(&Caller::operator(), bad).await;
    assert!(matches!(damaged, Err(ServiceError::Seal(SealError::Wrap(WrapError::Corrupt { .. })))));
    let refused = rotated.retire(&Caller::operator(), &rings.old).await.unwrap_err();
    assert_eq!(refused.rule(), "kek_in_use");
}

#[tokio::test]
async fn a_service_that_is_slow_fails_and_denies() {
    let kms = TestKms::new("old").unwrap();
    let site = Site::on(Arc::new(MemoryStore::new()), Arc::new(kms.clone()), 10).await;
    kms.slow_down(Duration::from_millis(20));
    let issued = [site.issue("a.example"), site.issue("b.example"), site.issue("c.example")];
    let mut ids = Vec::new();
    for issued in &issued {
        ids.push(site.store(&alice(), issued).await);
    }
    kms.slow_down(Duration::ZERO);

    kms.fail(1);
    let failed = site.certs.private_key(&alice(), ids[0]).await.unwrap_err();
    assert_eq!((failed.rule(), failed.code()), ("unavailable", None));
    kms.fail(1);
    let failed = site.certs.upload(&alice(), upload(&site.issue("d.example"))).await.unwrap_err();
    assert_eq!(failed.rule(), "unavailable");
    assert_eq!(site.certs.usage(&alice()).await.unwrap().total, 3, "nothing is stored without its key");

    // A rewrap that meets a failure stops, and goes on when it is called again.
    let old = kms.active().await.unwrap();
    kms.rotate("new").unwrap();
    let (operator, calls) = (Caller::operator(), kms.calls());
    let mut rewrapped = 0;
    let outage = kms.clone();
    site.certs.rewrap(&operator, &old, &mut |done| rewrapped = done.keys).await.unwrap();
    assert_eq!((rewrapped, kms.calls() - calls > 6), (3, true), "one call to unwrap and one to wrap each");
    let newer = outage.rotate("newer").unwrap();
    outage.fail(3);
    let new = KekId::new("new").unwrap();
    let stopped = site.certs.rewrap(&operator, &new, &mut |_| {}).await.unwrap_err();
    assert_eq!(stopped.rule(), "unavailable");
    while let Err(error) = site.certs.rewrap(&operator, &new, &mut |_| {}).await {
        assert_eq!(error.rule(), "unavailable");
    }
    assert_eq!(under(&site.store, &newer).await, 3);

    kms.deny("newer");
    let denied = site.certs.private_key(&alice(), ids[0]).await;
    assert!(matches!(denied, Err(ServiceError::Seal(SealError::Wrap(WrapError::Denied { .. })))));
    let denied = service(&site.store, Arc::new(kms)).await.unwrap_err();
    assert!(
        matches!(denied, ServiceError::WrongRing { source: SealError::Wrap(WrapError::Denied { .. }) }),
        "nor starts a node: {denied}"
    );
}

const FOLDER: &str = "CERTKEEP_TEST_FOLDER";
const RING: &str = "CERTKEEP_TEST_RING";
const OLD: &str = "CERTKEEP_TEST_KEK";

/// Not a test: the process that rewraps, with a key service so slow that it can be killed anywhere.
#[test]
fn rewrapping_process() {
    let (Ok(folder), Ok(ring), Ok(old)) = (env::var(FOLDER), env::var(RING), env::var(OLD)) else {
        return;
    };
    block_on(async {
        let store: Arc<dyn CertStore> = Arc::new(SledStore::open(folder).unwrap());
        let ring = Slow(LocalKeyRing::from_file(ring).unwrap());
        let certs = service(&store, Arc::new(ring)).await.unwrap();
        let old = KekId::new(&old).unwrap();
        certs.rewrap(&Caller::operator(), &old, &mut |_| {}).await.unwrap();
        println!("\nfinished");
    });
}

/// A ring that says each wrap, and takes its time.
struct Slow(LocalKeyRing);

#[async_trait::async_trait]
impl KeyWrapper for Slow {
    async fn active(&self) -> Result<KekId, WrapError> {
        self.0.active().await
    }

    async fn wrap(
        &self,
        kek: &KekId,
        context: &cert_service::SealContext,
        dek: &cert_service::Dek,
    ) -> Result<Vec<u8>, WrapError> {
        println!("\nwraps");
        std::thread::sleep(Duration::from_millis(2));
        self.0.wrap(kek, context, dek).await
    }

    async fn unwrap(
        &self,
        kek: &KekId,
        context: &cert_service::SealContext,
        wrapped: &[u8],
    ) -> Result<cert_service::Dek, WrapError> {
        self.0.unwrap(kek, context, wrapped).await
    }
}

#[test]
fn a_rewrap_that_is_killed_resumes_and_finishes() {
    let (folder, rings) = (tempfile::tempdir().unwrap(), Rings::new());
    let stored = block_on(fill(folder.path(), &rings));
    let mut kills = 0;
    for round in 0.. {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "rewrapping_process", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(RING, &rings.paths[1])
            .env(OLD, rings.old.as_str())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (mut wraps, mut is_finished) = (0, false);
        for line in lines {
            wraps += usize::from(line == "wraps");
            is_finished |= line == "finished";
            // Later each time, so that it ends in the end; the first two wraps are those of the canary.
            if wraps == 4 + 3 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        if is_finished {
            break;
        }
        kills += 1;
        block_on(opens(folder.path(), &rings.paths[1], &stored));
    }
    assert!(kills >= 2, "it was killed in the middle, and more than once: {kills}");
    block_on(async {
        let store: Arc<dyn CertStore> = Arc::new(SledStore::open(folder.path()).unwrap());
        assert_eq!(under(&store, &rings.old).await, 0);
        let certs = service(&store, rings.ring(1)).await.unwrap();
        certs.retire(&Caller::operator(), &rings.old).await.unwrap();
    });
    block_on(opens(folder.path(), &rings.paths[2], &stored));
}

async fn fill(folder: &Path, rings: &Rings) -> Vec<(CertId, Vec<u8>)> {
    let store: Arc<dyn CertStore> = Arc::new(SledStore::open(folder).unwrap());
    let site = Site::on(store, rings.ring(0), 100).await;
    let mut stored = Vec::new();
    for n in 0..20 {
        let issued = site.issue(&format!("n{n}.example"));
        stored.push((site.store(&alice(), &issued).await, issued.key_der()));
    }
    stored
}

/// Every key opens, wherever a rewrap has stopped.
async fn opens(folder: &Path, ring: &Path, stored: &[(CertId, Vec<u8>)]) {
    let store: Arc<dyn CertStore> = Arc::new(SledStore::open(folder).unwrap());
    let certs = service(&store, Arc::new(LocalKeyRing::from_file(ring).unwrap())).await.unwrap();
    for (id, key) in stored {
        assert_eq!(certs.private_key(&alice(), *id).await.unwrap().secret_der(), key);
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[tokio::test]
async fn two_nodes_with_different_rings_cannot_both_start() {
    let store: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
    let mut starting = Vec::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        starting.push(tokio::spawn(async move {
            service(&store, Arc::new(LocalKeyRing::ephemeral().unwrap())).await.is_ok()
        }));
    }
    let mut started = 0;
    for node in starting {
        started += usize::from(node.await.unwrap());
    }
    assert_eq!(started, 1);
}
