//! Export and import, and whole migrations.

use super::{Fixture, Sample, now, owner};
use crate::{
    BindOptions, CertStore, ClaimName, Entry, EntryKey, Generation, KekId, MemoryStore, MigrateError,
    PageSize, Quota, StoreDigest, StoreError, Target, Totals, Usage, migrate,
};

fn target(number: u64) -> Target {
    Target::cdn(format!("n{number}.example.com").parse().unwrap())
}

/// One of everything: versions, bindings, a superseded certificate, an expired one, claims, a retired key.
async fn fill(store: &dyn CertStore) {
    for (name, number) in [("alice", 1), ("alice", 2), ("bob", 3), ("bob", 4)] {
        Sample::new(&owner(name), number).label("number", &number.to_string()).insert(store).await;
    }
    Sample::new(&owner("alice"), 5).ending(now() - 1).insert(store).await;
    let (first, later) =
        (Sample::new(&owner("alice"), 1), Sample::new(&owner("alice"), 6).names(&["n1.example.com"]));
    first.replace_by(&Sample::new(&owner("alice"), 7).names(&["n1.example.com"]), 1, store).await;
    let options = BindOptions { force_https: true, http2: false };
    store.bind(first.id(), &first.owner, Generation(2), &target(1), options, now()).await.unwrap();
    let later = later.ending(now() + 200 * 86_400);
    later.insert(store).await;
    store.take_over(&target(1), first.id(), later.id(), Generation(1), &later.owner, now()).await.unwrap();
    let bobs = Sample::new(&owner("bob"), 3);
    store.bind(bobs.id(), &bobs.owner, Generation(1), &target(3).alternate(), options, now()).await.unwrap();
    for (name, value) in [("b", "1"), ("aa", "22"), ("ring-canary", "")] {
        store.claim(&ClaimName::new(name).unwrap(), None, value.as_bytes(), now()).await.unwrap();
    }
    for kek in ["z", "old-kek"] {
        store.retire(&KekId::new(kek).unwrap(), now()).await.unwrap();
    }
}

async fn export(store: &dyn CertStore, size: usize) -> Vec<Entry> {
    let (mut after, mut entries) = (None::<EntryKey>, Vec::new());
    loop {
        let page = store.export(after.as_ref(), PageSize::new(size)).await.unwrap();
        let Some(last) = page.last() else { return entries };
        after = Some(last.key());
        entries.extend(page);
    }
}

pub async fn every_entry_once_in_order(fixture: impl Fixture) {
    let store = fixture.open().await;
    assert!(export(&*store, 10).await.is_empty());
    fill(&*store).await;
    let entries = export(&*store, 1000).await;
    assert_eq!(entries.len(), 6 + 3 + 2);
    assert!(entries.is_sorted_by(|a, b| a.key() < b.key()));
    for size in [1, 3, 6, 7] {
        assert_eq!(export(&*store, size).await, entries, "by pages of {size}");
    }
    let Entry::Cert(first) = &entries[0] else { panic!("{:?}", entries[0]) };
    assert_eq!(first.previous.as_ref().unwrap().sealed_key, Sample::new(&owner("alice"), 1).sealed_key());
    assert!(first.summary.superseded_by.is_some());
}

pub async fn importing_puts_back_exactly(fixture: impl Fixture) {
    let store = fixture.open().await;
    let source = MemoryStore::new();
    fill(&source).await;
    let before = store.head().await.unwrap();
    for entry in export(&source, 1000).await {
        assert!(store.import(entry.clone(), now()).await.unwrap(), "{:?}", entry.key());
        assert!(!store.import(entry.clone(), now()).await.unwrap(), "again: {:?}", entry.key());
    }
    assert_eq!(export(&*store, 1000).await, export(&source, 1000).await);
    assert_eq!(store.totals().await.unwrap(), Totals { certificates: 6, bindings: 2 });
    assert_eq!(store.usage(&owner("alice"), now()).await.unwrap(), Usage { live: 3, total: 4 });
    let marker = store.changes(before, PageSize::MAX).await;
    assert!(matches!(marker, Err(StoreError::MarkerTooOld)), "an import starts a new epoch: {marker:?}");
    // What came works: it is found, counted, bound, rolled back and held by its bindings.
    let first = Sample::new(&owner("alice"), 1);
    let resealed = first.sealed_key();
    store.rollback(first.id(), Generation(2), resealed, Quota::UNLIMITED, now()).await.unwrap();
    assert!(store.insert(first.new_cert(), Quota::UNLIMITED, now()).await.unwrap().existing);
    let refused = store.delete_if_unbound(Sample::new(&owner("bob"), 3).id(), &owner("bob"), now()).await;
    assert!(matches!(refused, Err(StoreError::StillBound { .. })), "{refused:?}");
    let expiring = store.expiring(now() + 1, None, PageSize::MAX).await.unwrap();
    assert_eq!(expiring.len(), 1);
}

pub async fn something_else_in_its_place_is_a_conflict(fixture: impl Fixture) {
    let store = fixture.open().await;
    let source = MemoryStore::new();
    fill(&source).await;
    let kept = Sample::new(&owner("alice"), 2).names(&["other.example.com"]);
    kept.insert(&*store).await;
    let holder = Sample::new(&owner("carol"), 9).names(&["n3.example.com"]);
    holder.insert(&*store).await;
    let alternate = target(3).alternate();
    store
        .bind(holder.id(), &holder.owner, Generation(1), &alternate, BindOptions::default(), now())
        .await
        .unwrap();
    store.claim(&ClaimName::new("b").unwrap(), None, b"other", now()).await.unwrap();
    let mut sealed_under_z = Sample::new(&owner("dora"), 1).new_cert();
    sealed_under_z.sealed_key = crate::SealedKey::from_bytes(b"\x01\x01\x00\x01z".to_vec()).unwrap();
    store.insert(sealed_under_z, Quota::UNLIMITED, now()).await.unwrap();
    let mut refused = Vec::new();
    for entry in export(&source, 1000).await {
        let key = entry.key();
        match store.import(entry, now()).await {
            Ok(is_new) => assert!(is_new),
            Err(StoreError::Conflict { key: named }) => {
                assert_eq!(named, key);
                refused.push(key);
            }
            Err(error) => panic!("{error}"),
        }
    }
    let expected = [
        EntryKey::Cert(kept.id()),
        EntryKey::Cert(Sample::new(&owner("bob"), 3).id()),
        EntryKey::Claim(ClaimName::new("b").unwrap()),
        EntryKey::Retired(KekId::new("z").unwrap()),
    ];
    assert_eq!(refused, expected);
    assert_eq!(store.get(kept.id()).await.unwrap().summary.leaf, kept.new_cert().leaf);
    assert_eq!(store.usage(&owner("bob"), now()).await.unwrap().total, 1, "a refused entry leaves nothing");
    let mut retired = Sample::new(&owner("erin"), 1).new_cert();
    retired.sealed_key = crate::SealedKey::from_bytes(b"\x01\x01\x00\x07old-kek".to_vec()).unwrap();
    let other = MemoryStore::new();
    other.insert(retired, Quota::UNLIMITED, now()).await.unwrap();
    let entry = export(&other, 1).await.remove(0);
    assert!(matches!(store.import(entry, now()).await, Err(StoreError::Retired { .. })));
}

pub async fn a_domain_of_another_owner_is_a_conflict(fixture: impl Fixture) {
    let store = fixture.open().await;
    let bob = Sample::new(&owner("bob"), 1).names(&["*.example.com"]);
    bob.insert(&*store).await;
    for number in 1..40 {
        let source = MemoryStore::new();
        let alice = Sample::new(&owner("alice"), number);
        alice.insert(&source).await;
        let options = BindOptions::default();
        for target in [target(number), target(number).alternate()] {
            source.bind(alice.id(), &alice.owner, Generation(1), &target, options, now()).await.unwrap();
        }
        let entry = export(&source, 1).await.remove(0);
        // The other owner takes a slot before, while the entry is imported, or after.
        let bound = {
            let (store, bob) = (std::sync::Arc::clone(&store), bob.clone());
            let slot = target(number).alternate();
            tokio::spawn(async move {
                store.bind(bob.id(), &bob.owner, Generation(1), &slot, options, now()).await
            })
        };
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        let imported = store.import(entry.clone(), now()).await;
        match (imported, bound.await.unwrap()) {
            (Ok(true), Err(StoreError::BoundElsewhere { .. })) => {
                assert_eq!(store.bindings(alice.id()).await.unwrap().len(), 2);
                assert!(!store.import(entry, now()).await.unwrap(), "again");
            }
            (Err(StoreError::Conflict { .. }), Ok(None)) => {
                assert!(matches!(store.get(alice.id()).await, Err(StoreError::NotFound { .. })));
            }
            both => panic!("{both:?}"),
        }
    }
}

pub async fn there_and_back_again(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (source, back) = (MemoryStore::new(), MemoryStore::new());
    fill(&source).await;
    let digest = StoreDigest::of(&source).await.unwrap();
    // A first run that broke off, and a second that goes on.
    for entry in export(&source, 1000).await.into_iter().take(4) {
        store.import(entry, now()).await.unwrap();
    }
    let mut reported = 0;
    let there = migrate(&source, &*store, None, now(), &mut |entries, _| reported = entries).await.unwrap();
    assert_eq!((there, reported), (digest, digest.entries));
    assert_eq!(migrate(&*store, &back, None, now(), &mut |_, _| {}).await.unwrap(), digest);
    assert_eq!(StoreDigest::of(&back).await.unwrap(), digest);
    Sample::new(&owner("zoe"), 1).insert(&*store).await;
    let different = migrate(&source, &*store, None, now(), &mut |_, _| {}).await;
    assert!(matches!(different, Err(MigrateError::Different { .. })), "{different:?}");
}
