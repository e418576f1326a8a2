//! The sled backend against the contract, and what is its own: its folder.

use std::{fs, sync::Arc};

use async_trait::async_trait;
use cert_store::{
    CertStore, OpenError, PageSize, SledStore,
    conformance::{Fixture, Sample, owner, run},
};
use tempfile::TempDir;

struct Sled(TempDir);

impl Sled {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder can be made"))
    }
}

#[async_trait]
impl Fixture for Sled {
    async fn open(&self) -> Arc<dyn CertStore> {
        Arc::new(SledStore::open(self.0.path()).expect("the folder opens"))
    }

    fn is_durable(&self) -> bool {
        true
    }
}

cert_store::conformance_tests!(Sled::new);

#[test]
fn a_folder_opens_once_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = SledStore::open(folder.path()).unwrap();
    let second = SledStore::open(folder.path()).unwrap_err();
    assert!(matches!(&second, OpenError::Locked { folder: named } if named == folder.path()), "{second}");
    drop(store);
    SledStore::open(folder.path()).unwrap();
}

#[test]
fn a_stale_snapshot_is_removed() {
    run(Sled::new(), |fixture| async move {
        let sample = Sample::new(&owner("alice"), 1);
        sample.insert(&*fixture.open().await).await;
        let stale = fixture.0.path().join("snap.0000000000000001.generating");
        fs::write(&stale, b"half of one").unwrap();
        let store = fixture.open().await;
        assert!(!stale.exists());
        assert_eq!(store.get(sample.id()).await.unwrap().summary.id, sample.id());
    });
}

#[test]
fn another_format_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(SledStore::open(folder.path()).unwrap());
    {
        let database = sled::open(folder.path()).unwrap();
        database.insert(b"m\x00\x06format", &99_u32.to_be_bytes()).unwrap();
        database.flush().unwrap();
    }
    let refused = SledStore::open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Format { found: 99, known: 2, .. }), "{refused}");
}

#[test]
fn a_file_in_the_place_of_the_folder_is_a_typed_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    fs::write(&path, b"").unwrap();
    assert!(matches!(SledStore::open(&path), Err(OpenError::Io { .. })));
}

#[test]
fn a_value_that_does_not_decode_is_corrupt() {
    run(Sled::new(), |fixture| async move {
        let sample = Sample::new(&owner("alice"), 1);
        sample.insert(&*fixture.open().await).await;
        {
            let database = sled::open(fixture.0.path()).unwrap();
            let key = [&b"c"[..], &sample.id().0].concat();
            database.insert(key, b"\xff\xff").unwrap();
            database.flush().unwrap();
        }
        let error = fixture.open().await.get(sample.id()).await.unwrap_err();
        assert!(matches!(error, cert_store::StoreError::Corrupt { backend: "sled", .. }), "{error}");
    });
}

#[test]
fn a_restored_folder_has_another_epoch() {
    run(Sled::new(), |fixture| async move {
        let store = SledStore::open(fixture.0.path()).unwrap();
        let before = store.head().await.unwrap();
        store.renew_epoch().await.unwrap();
        let refused = store.changes(before, PageSize::MAX).await.unwrap_err();
        assert!(matches!(refused, cert_store::StoreError::MarkerTooOld), "{refused}");
        assert!(store.changes(store.head().await.unwrap(), PageSize::MAX).await.unwrap().is_empty());
    });
}
