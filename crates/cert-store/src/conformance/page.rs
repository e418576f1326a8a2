//! Listing by pages.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Fixture, Sample, now, owner};
use crate::{CertId, CertStore, OwnerId, PageSize};

/// Reads the whole list by pages of `size`.
async fn scan(store: &dyn CertStore, owner: &OwnerId, size: usize) -> Vec<CertId> {
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.page(owner, after, PageSize::new(size)).await.unwrap();
        let Some(last) = page.last() else { return seen };
        assert!(page.len() <= size);
        after = Some(last.id);
        seen.extend(page.iter().map(|cert| cert.id));
    }
}

pub async fn ids_in_order_from_any_marker(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let mut ids = Vec::new();
    for number in [5, 1, 4, 2, 3] {
        ids.push(Sample::new(&alice, number).insert(&*store).await);
    }
    ids.sort_unstable();
    for size in [1, 2, 5, 100] {
        assert_eq!(scan(&*store, &alice, size).await, ids);
    }
    store.delete_if_unbound(ids[1], &alice, now()).await.unwrap();
    let behind_a_deleted_one = store.page(&alice, Some(ids[1]), PageSize::MAX).await.unwrap();
    assert_eq!(behind_a_deleted_one.iter().map(|cert| cert.id).collect::<Vec<_>>(), ids[2..]);
    assert!(store.page(&alice, Some(ids[4]), PageSize::MAX).await.unwrap().is_empty());
    let first = &store.page(&alice, None, PageSize::MIN).await.unwrap()[0];
    let record = store.get(first.id).await.unwrap();
    assert_eq!(*first, record.summary, "what lists give of a certificate");
}

pub async fn only_the_owner_s_certificates(fixture: impl Fixture) {
    let store = fixture.open().await;
    let owners = ["a", "ab", "b", "a\u{10ffff}"].map(owner);
    for (number, name) in owners.iter().enumerate() {
        Sample::new(name, number as u64).insert(&*store).await;
    }
    for (number, name) in owners.iter().enumerate() {
        assert_eq!(scan(&*store, name, 10).await, [Sample::new(name, number as u64).id()]);
    }
    assert!(scan(&*store, &owner("c"), 10).await.is_empty());
}

pub async fn under_concurrent_writes_each_once(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let mut steady = Vec::new();
    for number in (0..60).step_by(2) {
        steady.push(Sample::new(&alice, number).insert(&*store).await);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let churn = {
        let (store, stop, alice) = (Arc::clone(&store), Arc::clone(&stop), alice.clone());
        tokio::spawn(async move {
            for number in (1..60).step_by(2).cycle() {
                let id = Sample::new(&alice, number).insert(&*store).await;
                store.delete_if_unbound(id, &alice, now()).await.unwrap();
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        })
    };
    for _ in 0..10 {
        let seen = scan(&*store, &alice, 7).await;
        assert!(seen.is_sorted_by(|a, b| a < b), "each once, in order");
        let seen_steady: Vec<CertId> = seen.into_iter().filter(|id| steady.contains(id)).collect();
        assert_eq!(seen_steady, steady);
    }
    stop.store(true, Ordering::Relaxed);
    churn.await.unwrap();
}
