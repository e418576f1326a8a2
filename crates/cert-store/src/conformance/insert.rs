//! Inserting, and reading one certificate.

use std::sync::Arc;

use super::{Fixture, Sample, now, owner};
use crate::{CertId, CertRecord, CertSummary, Generation, Inserted, Quota, StoreError};

pub async fn everything_comes_back(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample =
        Sample::new(&owner("alice"), 1).names(&["a.example.com", "*.b.example.com"]).label("team", "web");
    let inserted = store.insert(sample.new_cert(), Quota::UNLIMITED, now()).await.unwrap();
    assert_eq!(inserted, Inserted { id: sample.id(), generation: Generation::FIRST, existing: false });
    let cert = sample.new_cert();
    let summary = Arc::new(CertSummary::of_new(&cert, now()));
    let expected = CertRecord { summary, chain: cert.chain.clone(), previous: None };
    assert_eq!(store.get(inserted.id).await.unwrap(), expected);
    assert_eq!(store.sealed_key(inserted.id, Generation::FIRST).await.unwrap(), cert.sealed_key);
}

pub async fn the_key_is_apart(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = Sample::new(&owner("alice"), 1);
    let id = sample.insert(&*store).await;
    let missing = store.sealed_key(id, Generation(2)).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { id: named } if named == id), "{missing}");
    let unknown = CertId::from_parts(1, owner("alice").shard(), 1);
    assert!(matches!(store.get(unknown).await, Err(StoreError::NotFound { id }) if id == unknown));
    assert!(matches!(store.sealed_key(unknown, Generation::FIRST).await, Err(StoreError::NotFound { .. })));
    let shown = format!("{:?}", store.get(id).await.unwrap());
    assert!(!shown.contains("sealed"), "{shown}");
}

pub async fn a_repeated_upload_gets_its_id(fixture: impl Fixture) {
    let store = fixture.open().await;
    let first = Sample::new(&owner("alice"), 1).label("kept", "yes");
    let id = first.insert(&*store).await;
    let mut again = Sample::new(&owner("alice"), 1).new_cert();
    again.id = Sample::new(&owner("alice"), 2).id();
    again.sealed_key = Sample::new(&owner("alice"), 2).sealed_key();
    let full = Quota { live: 1, total: 1 };
    let repeated = store.insert(again, full, now()).await.unwrap();
    assert_eq!(repeated, Inserted { id, generation: Generation::FIRST, existing: true });
    assert_eq!(store.get(id).await.unwrap().summary.labels.get("kept"), Some("yes"));
    assert_eq!(store.sealed_key(id, Generation::FIRST).await.unwrap(), first.sealed_key());
    assert_eq!(store.usage(&owner("alice"), now()).await.unwrap().total, 1);
}

pub async fn another_owner_s_same_upload_is_another(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = Sample::new(&owner("alice"), 1).new_cert();
    let mut bob = alice.clone();
    bob.owner = owner("bob");
    bob.id = CertId::from_parts(7, bob.owner.shard(), 7);
    let ids = [bob.id, alice.id];
    for cert in [alice, bob] {
        assert!(!store.insert(cert, Quota::UNLIMITED, now()).await.unwrap().existing);
    }
    for id in ids {
        assert_eq!(store.get(id).await.unwrap().summary.id, id);
    }
}

pub async fn a_taken_id_is_refused(fixture: impl Fixture) {
    let store = fixture.open().await;
    let taken = Sample::new(&owner("alice"), 1).insert(&*store).await;
    for other in ["alice", "bob"] {
        let mut cert = Sample::new(&owner(other), 2).new_cert();
        cert.id = taken;
        let refused = store.insert(cert, Quota::UNLIMITED, now()).await.unwrap_err();
        assert!(matches!(refused, StoreError::AlreadyExists { id } if id == taken), "{refused}");
        assert_eq!(refused.code(), None);
    }
    assert_eq!(store.get(taken).await.unwrap().summary.name, "certificate 1");
    assert_eq!(store.usage(&owner("bob"), now()).await.unwrap().total, 0);
}

pub async fn reopening_keeps_everything(fixture: impl Fixture) {
    if !fixture.is_durable() {
        return;
    }
    let samples: Vec<Sample> = (0..20).map(|number| Sample::new(&owner("alice"), number)).collect();
    {
        let store = fixture.open().await;
        for sample in &samples {
            sample.insert(&*store).await;
        }
        store.delete_if_unbound(samples[3].id(), &owner("alice"), now()).await.unwrap();
    }
    let store = fixture.open().await;
    assert!(matches!(store.get(samples[3].id()).await, Err(StoreError::NotFound { .. })));
    for sample in samples.iter().filter(|sample| sample.number != 3) {
        assert_eq!(store.get(sample.id()).await.unwrap().chain, sample.new_cert().chain);
        assert_eq!(store.sealed_key(sample.id(), Generation::FIRST).await.unwrap(), sample.sealed_key());
    }
    let full = Quota { live: 19, total: 100 };
    let refused = store.insert(Sample::new(&owner("alice"), 99).new_cert(), full, now()).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded { .. })), "{refused:?}");
    let repeated = store.insert(samples[0].new_cert(), full, now()).await.unwrap();
    assert!(repeated.existing);
}
