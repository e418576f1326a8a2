//! Quotas one step after the other. Under concurrency: `race`.

use super::{Fixture, Sample, now, owner};
use crate::{CertStore, Quota, StoreError, Usage};

const DAY: i64 = 86_400;

async fn insert(store: &dyn CertStore, sample: &Sample, quota: Quota, at: i64) -> Result<(), StoreError> {
    store.insert(sample.new_cert(), quota, now() + at).await.map(|_| ())
}

fn is_full(result: &Result<(), StoreError>, limit: u64) -> bool {
    matches!(result, Err(StoreError::QuotaExceeded { owner, limit: reached })
        if owner.as_str() == "alice" && *reached == limit)
}

pub async fn a_refusal_consumes_nothing(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 2, total: 9 };
    for number in 0..2 {
        insert(&*store, &Sample::new(&alice, number), quota, 0).await.unwrap();
    }
    for number in 2..5 {
        let refused = insert(&*store, &Sample::new(&alice, number), quota, 0).await;
        assert!(is_full(&refused, 2), "{refused:?}");
        assert!(store.get(Sample::new(&alice, number).id()).await.is_err());
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage { live: 2, total: 2 });
    insert(&*store, &Sample::new(&owner("bob"), 1), quota, 0).await.unwrap();
    insert(&*store, &Sample::new(&alice, 2), Quota { live: 3, total: 9 }, 0).await.unwrap();
    let error = insert(&*store, &Sample::new(&alice, 3), quota, 0).await.unwrap_err();
    assert_eq!(error.code(), Some(cert_core::ErrorCode::QuotaExceeded));
}

pub async fn a_deleted_certificate_frees_its_place(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 1, total: 1 };
    for number in 0..5 {
        let sample = Sample::new(&alice, number);
        insert(&*store, &sample, quota, 0).await.unwrap();
        assert!(is_full(&insert(&*store, &Sample::new(&alice, 99), quota, 0).await, 1));
        store.delete_if_unbound(sample.id(), &alice, now()).await.unwrap();
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage::default());
}

pub async fn expiry_frees_places(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 3, total: 9 };
    for number in 0..3 {
        let ending = Sample::new(&alice, number).ending(now() + (number as i64 + 1) * DAY);
        insert(&*store, &ending, quota, 0).await.unwrap();
    }
    let next = Sample::new(&alice, 10);
    assert!(is_full(&insert(&*store, &next, quota, DAY - 1).await, 3));
    insert(&*store, &next, quota, DAY).await.unwrap();
    assert!(is_full(&insert(&*store, &Sample::new(&alice, 11), quota, 2 * DAY - 1).await, 3));
    // An expired one that is deleted frees no second place.
    store.delete_if_unbound(Sample::new(&alice, 0).id(), &alice, now() + 2 * DAY - 1).await.unwrap();
    assert!(is_full(&insert(&*store, &Sample::new(&alice, 11), quota, 2 * DAY - 1).await, 3));
    insert(&*store, &Sample::new(&alice, 11), quota, 2 * DAY).await.unwrap();
}

pub async fn an_expired_one_counts_in_total_only(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 1, total: 3 };
    for number in 0..2 {
        let expired = Sample::new(&alice, number).ending(now() - DAY);
        insert(&*store, &expired, quota, 0).await.unwrap();
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage { live: 0, total: 2 });
    insert(&*store, &Sample::new(&alice, 2), quota, 0).await.unwrap();
    store.delete_if_unbound(Sample::new(&alice, 2).id(), &alice, now()).await.unwrap();
    insert(&*store, &Sample::new(&alice, 3).ending(now() - DAY), quota, 0).await.unwrap();
    assert!(is_full(&insert(&*store, &Sample::new(&alice, 4), quota, 0).await, 3));
}

pub async fn time_does_not_go_back(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let quota = Quota { live: 2, total: 9 };
    insert(&*store, &Sample::new(&alice, 0).ending(now() + DAY), quota, 0).await.unwrap();
    insert(&*store, &Sample::new(&alice, 1), quota, 2 * DAY).await.unwrap();
    // A node whose clock is behind cannot bring an expired certificate back to life, nor use a place twice.
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage { live: 1, total: 2 });
    insert(&*store, &Sample::new(&alice, 2), quota, 0).await.unwrap();
    assert!(is_full(&insert(&*store, &Sample::new(&alice, 3), quota, 0).await, 2));
}

pub async fn usage_follows(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    assert_eq!(store.usage(&alice, now()).await.unwrap(), Usage::default());
    for number in 0..4 {
        Sample::new(&alice, number).ending(now() + number as i64 * DAY).insert(&*store).await;
    }
    for (at, live) in [(0, 3), (DAY - 1, 3), (DAY, 2), (2 * DAY, 1), (3 * DAY, 0)] {
        assert_eq!(store.usage(&alice, now() + at).await.unwrap(), Usage { live, total: 4 }, "after {at} s");
    }
    assert_eq!(store.usage(&alice, now()).await.unwrap().live, 3, "looking changes nothing");
}
