//! Key-encryption keys: finding what is sealed under one, rewrapping, retiring.

use std::sync::Arc;

use super::{Fixture, Sample, now, owner};
use crate::{CertId, CertStore, Generation, KekId, PageSize, Quota, SealedKey, StoreError};

fn kek(number: u64) -> KekId {
    KekId::new(&format!("kek-{number}")).unwrap()
}

fn sealed(number: u64, text: &str) -> SealedKey {
    let id = kek(number);
    let length = (id.as_str().len() as u16).to_be_bytes();
    SealedKey::from_bytes([&b"\x01\x01"[..], &length, id.as_str().as_bytes(), text.as_bytes()].concat())
        .unwrap()
}

async fn under(store: &dyn CertStore, number: u64) -> Vec<(CertId, Generation)> {
    let (mut after, mut seen) = (None, Vec::new());
    while let Some(entry) = store.sealed_under(&kek(number), after, PageSize::MIN).await.unwrap().pop() {
        after = Some((entry.id, entry.generation));
        seen.push((entry.id, entry.generation));
    }
    seen
}

pub async fn every_kept_generation_is_listed(fixture: impl Fixture) {
    let store = fixture.open().await;
    let samples =
        [("alice", 2), ("bob", 1), ("alice", 3)].map(|(name, number)| Sample::new(&owner(name), number));
    for sample in &samples {
        sample.insert(&*store).await;
    }
    let mut other = Sample::new(&owner("alice"), 8).new_version();
    other.sealed_key = sealed(2, "other");
    store.replace(samples[0].id(), Generation(1), other, Quota::UNLIMITED, now()).await.unwrap();
    let mut expected: Vec<_> = samples.iter().map(|sample| (sample.id(), Generation(1))).collect();
    expected.sort();
    assert_eq!(under(&*store, 1).await, expected);
    assert_eq!(under(&*store, 2).await, [(samples[0].id(), Generation(2))]);
    let entries = store.sealed_under(&kek(1), None, PageSize::MAX).await.unwrap();
    let first = entries.iter().find(|entry| entry.id == samples[0].id()).unwrap();
    assert_eq!((&first.owner, first.spki_fingerprint), (&samples[0].owner, samples[0].spki_fingerprint()));
    let entries = store.sealed_under(&kek(2), None, PageSize::MAX).await.unwrap();
    assert_eq!(entries[0].spki_fingerprint, Sample::new(&owner("alice"), 8).spki_fingerprint());
    samples[0].replace_by(&Sample::new(&owner("alice"), 9), 2, &*store).await;
    store.delete_if_unbound(samples[1].id(), &samples[1].owner, now()).await.unwrap();
    assert_eq!(under(&*store, 1).await, [(samples[0].id(), Generation(3)), (samples[2].id(), Generation(1))]);
}

pub async fn rewrapping_compares_and_sets(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = Sample::new(&owner("alice"), 1);
    let id = sample.insert(&*store).await;
    sample.replace_by(&Sample::new(&owner("alice"), 2), 1, &*store).await;
    let rewrap = |generation, from, to: SealedKey| {
        let store = &store;
        async move { store.rewrap(id, Generation(generation), &kek(from), to, now()).await }
    };
    let refused = rewrap(1, 3, sealed(2, "new")).await;
    assert!(
        matches!(refused, Err(StoreError::Stale { id: named, generation: None }) if named == id),
        "{refused:?}"
    );
    let refused = rewrap(3, 1, sealed(2, "new")).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    for _ in 0..2 {
        rewrap(1, 1, sealed(2, "new")).await.unwrap();
    }
    assert_eq!(store.sealed_key(id, Generation(1)).await.unwrap(), sealed(2, "new"));
    assert_eq!(under(&*store, 2).await, [(id, Generation(1))]);
    assert_eq!(under(&*store, 1).await, [(id, Generation(2))]);
    let refused = rewrap(1, 1, sealed(2, "other")).await;
    assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    rewrap(2, 1, sealed(2, "newest")).await.unwrap();
    assert_eq!(store.sealed_key(id, Generation(2)).await.unwrap(), sealed(2, "newest"));
}

pub async fn nothing_is_sealed_under_a_retired_one(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = Sample::new(&owner("alice"), 1);
    let id = sample.insert(&*store).await;
    let in_use = store.retire(&kek(1), now()).await;
    assert!(matches!(&in_use, Err(StoreError::InUse { kek: named }) if *named == kek(1)), "{in_use:?}");
    store.rewrap(id, Generation(1), &kek(1), sealed(2, "new"), now()).await.unwrap();
    for _ in 0..2 {
        store.retire(&kek(1), now()).await.unwrap();
    }
    let is_retired =
        |error: StoreError| matches!(error, StoreError::Retired { kek: named } if named == kek(1));
    let other = Sample::new(&owner("alice"), 2);
    assert!(is_retired(store.insert(other.new_cert(), Quota::UNLIMITED, now()).await.unwrap_err()));
    let replaced = store.replace(id, Generation(1), other.new_version(), Quota::UNLIMITED, now()).await;
    assert!(is_retired(replaced.unwrap_err()));
    let back = store.rewrap(id, Generation(1), &kek(2), sealed(1, "back"), now()).await;
    assert!(is_retired(back.unwrap_err()));
    let mut version = other.new_version();
    version.sealed_key = sealed(2, "other");
    store.replace(id, Generation(1), version, Quota::UNLIMITED, now()).await.unwrap();
    let rolled_back = store.rollback(id, Generation(2), sealed(1, "back"), Quota::UNLIMITED, now()).await;
    assert!(is_retired(rolled_back.unwrap_err()));
    assert!(store.insert(sample.new_cert(), Quota::UNLIMITED, now()).await.is_err());
    assert_eq!(store.usage(&owner("alice"), now()).await.unwrap().total, 1);
}

pub async fn retire_and_insert_never_both_win(fixture: impl Fixture) {
    let store = fixture.open().await;
    for number in 10..60 {
        let mut cert = Sample::new(&owner("alice"), number).new_cert();
        cert.sealed_key = sealed(number, "x");
        let insert = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.insert(cert, Quota::UNLIMITED, now()).await })
        };
        let retired = store.retire(&kek(number), now()).await;
        match (insert.await.unwrap(), retired) {
            (Ok(_), Err(StoreError::InUse { .. })) | (Err(StoreError::Retired { .. }), Ok(())) => {}
            both => panic!("{both:?}"),
        }
    }
}
