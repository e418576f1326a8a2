//! Many callers at once, and callers that go away.

use std::sync::Arc;

use super::{Fixture, Sample, now, owner};
use crate::{Generation, PageSize, Quota, StoreError, Usage};

pub async fn exactly_the_places_are_given(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 10, total: 100 };
    let calls: Vec<_> = (0..64)
        .map(|number| {
            let (store, cert) = (Arc::clone(&store), Sample::new(&alice, number).new_cert());
            tokio::spawn(async move { store.insert(cert, quota, now()).await })
        })
        .collect();
    let mut admitted = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => admitted += 1,
            Err(StoreError::QuotaExceeded { limit: 10, .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(admitted, 10);
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage { live: 10, total: 10 });
    assert_eq!(store.page(&alice, None, PageSize::MAX).await.unwrap().len(), 10);
}

pub async fn one_upload_many_times_is_stored_once(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let calls: Vec<_> = (0..32)
        .map(|number| {
            let mut cert = Sample::new(&alice, 1).new_cert();
            cert.id = Sample::new(&alice, 100 + number).id();
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.insert(cert, Quota { live: 1, total: 1 }, now()).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|answer| !answer.existing).count(), 1);
    assert!(answers.iter().all(|answer| answer.id == answers[0].id));
}

pub async fn a_dropped_call_is_all_or_nothing(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    for number in 0..200 {
        let sample = Sample::new(&alice, number);
        let cert = sample.new_cert();
        let call = {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.insert(cert, Quota::UNLIMITED, now()).await })
        };
        // Let it come a different way each time, then drop its future wherever it is.
        for _ in 0..number % 20 {
            tokio::task::yield_now().await;
        }
        call.abort();
        let _ = call.await;
    }
    // A later write is decided behind those that were dropped.
    Sample::new(&alice, 1000).insert(&*store).await;
    let listed = store.page(&alice, None, PageSize::MAX).await.unwrap();
    assert_eq!(store.usage(&alice, now()).await.unwrap().total, listed.len() as u64);
    for number in 0..200 {
        let sample = Sample::new(&alice, number);
        let is_listed = listed.iter().any(|cert| cert.id == sample.id());
        assert_eq!(store.get(sample.id()).await.is_ok(), is_listed, "record {number}");
        assert_eq!(store.sealed_key(sample.id(), Generation::FIRST).await.is_ok(), is_listed, "key {number}");
        let repeated = store.insert(sample.new_cert(), Quota::UNLIMITED, now()).await.unwrap();
        assert_eq!(repeated.existing, is_listed, "upload {number}");
    }
}
