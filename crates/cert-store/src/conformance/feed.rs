//! The change feed.

use std::{collections::BTreeSet, sync::Arc};

use cert_core::Timestamp;

use super::{Fixture, Sample, now, owner};
use crate::{
    BindOptions, CertStore, Change, Event, FeedMarker, Generation, PageSize, Quota, StoreError, Target,
};

fn target(number: u64) -> Target {
    Target::cdn(format!("n{number}.example.com").parse().unwrap())
}

async fn bind(store: &dyn CertStore, sample: &Sample, generation: u64) -> Result<(), StoreError> {
    let target = target(sample.number);
    let options = BindOptions::default();
    store.bind(sample.id(), &sample.owner, Generation(generation), &target, options, now()).await.map(|_| ())
}

async fn changes_since(store: &dyn CertStore, marker: FeedMarker) -> Vec<Change> {
    let events = store.changes(marker, PageSize::MAX).await.unwrap();
    events.into_iter().map(|event| event.change).collect()
}

pub async fn each_step_has_its_events(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, mut marker) = (owner("alice"), store.head().await.unwrap());
    let sample = Sample::new(&alice, 1);
    let newer = Sample::new(&alice, 2).names(&["n1.example.com"]).ending(now() + 200 * 86_400);
    let (id, domain) = (sample.id(), target(1));
    sample.insert(&*store).await;
    sample.insert(&*store).await;
    newer.insert(&*store).await;
    assert_eq!(changes_since(&*store, marker).await, [Change::Cert(id), Change::Cert(newer.id())]);
    marker = store.head().await.unwrap();
    for _ in 0..2 {
        bind(&*store, &sample, 1).await.unwrap();
    }
    sample.replace_by(&Sample::new(&alice, 5).names(&["n1.example.com", "x.example.com"]), 1, &*store).await;
    assert_eq!(changes_since(&*store, marker).await, [Change::Domain(domain.clone()), Change::Cert(id)]);
    marker = store.head().await.unwrap();
    store.take_over(&domain, id, newer.id(), Generation(1), &alice, now()).await.unwrap();
    assert_eq!(changes_since(&*store, marker).await, [Change::Domain(domain.clone()), Change::Cert(id)]);
    marker = store.head().await.unwrap();
    store.unbind(&domain, &alice, now()).await.unwrap();
    store.unbind(&domain, &alice, now()).await.unwrap();
    store.delete_if_unbound(id, &alice, now()).await.unwrap();
    assert_eq!(changes_since(&*store, marker).await, [Change::Domain(domain), Change::Cert(id)]);
    marker = store.head().await.unwrap();
    bind(&*store, &sample, 1).await.unwrap_err();
    store.delete_if_unbound(id, &alice, now()).await.unwrap_err();
    let full = Quota { live: 0, total: 0 };
    store.insert(Sample::new(&alice, 9).new_cert(), full, now()).await.unwrap_err();
    assert_eq!(changes_since(&*store, marker).await, [], "what is refused is no event");
}

pub async fn a_marker_below_the_floor_is_too_old(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let start = store.head().await.unwrap();
    let mut markers = vec![start];
    for number in 0..4 {
        let at = now() + number as i64 * 10;
        store.insert(Sample::new(&alice, number).new_cert(), Quota::UNLIMITED, at).await.unwrap();
        markers.push(store.head().await.unwrap());
    }
    assert_eq!(store.prune(now() + 20).await.unwrap(), 2);
    assert_eq!(store.prune(now() + 20).await.unwrap(), 0);
    for marker in &markers[..2] {
        assert!(matches!(store.changes(*marker, PageSize::MAX).await, Err(StoreError::MarkerTooOld)));
    }
    for (index, left) in [(2, 2), (3, 1), (4, 0)] {
        assert_eq!(changes_since(&*store, markers[index]).await.len(), left);
    }
    let head = store.head().await.unwrap();
    let of_another_epoch = FeedMarker::new(head.epoch() ^ 1, head.position());
    let beyond = FeedMarker::new(head.epoch(), head.position() + 1);
    for marker in [of_another_epoch, beyond] {
        assert!(matches!(store.changes(marker, PageSize::MAX).await, Err(StoreError::MarkerTooOld)));
    }
    store.prune(Timestamp::from_unix(i64::MAX)).await.unwrap();
    assert_eq!(store.head().await.unwrap(), head, "pruning does not move the head");
    assert_eq!(changes_since(&*store, head).await, []);
}

pub async fn concurrent_readers_miss_nothing(fixture: impl Fixture) {
    const WRITERS: u64 = 4;
    const EACH: u64 = 40;
    let store = fixture.open().await;
    let start = store.head().await.unwrap();
    let readers: Vec<_> =
        (0..2).map(|_| tokio::spawn(read(Arc::clone(&store), start, WRITERS * EACH))).collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..EACH {
                    Sample::new(&owner(&format!("owner {writer}")), number).insert(&*store).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for reader in readers {
        let events = reader.await.unwrap();
        let changed: BTreeSet<_> = events.iter().map(|event| format!("{:?}", event.change)).collect();
        assert_eq!(changed.len() as u64, WRITERS * EACH, "every commit once");
        let positions: Vec<u64> = events.iter().map(|event| event.marker.position()).collect();
        assert!(positions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "no gaps: {positions:?}");
    }
}

async fn read(store: Arc<dyn CertStore>, mut marker: FeedMarker, until: u64) -> Vec<Event> {
    let mut seen = Vec::new();
    while (seen.len() as u64) < until {
        let events = store.changes(marker, PageSize::new(7)).await.unwrap();
        marker = events.last().map_or(marker, |event| event.marker);
        seen.extend(events);
        tokio::task::yield_now().await;
    }
    seen
}

pub async fn reopening_keeps_the_feed(fixture: impl Fixture) {
    if !fixture.is_durable() {
        return;
    }
    let marker = {
        let store = fixture.open().await;
        let marker = store.head().await.unwrap();
        Sample::new(&owner("alice"), 1).insert(&*store).await;
        marker
    };
    let store = fixture.open().await;
    assert_eq!(changes_since(&*store, marker).await, [Change::Cert(Sample::new(&owner("alice"), 1).id())]);
}
