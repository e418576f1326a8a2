//! Versions: replacing, and rolling back.

use super::{Fixture, Sample, now, owner};
use crate::{
    CertStore, Change, FindBy, Generation, Labels, NewVersion, PageSize, Quota, SealedKey, StoreError,
    Target, Usage,
};

const DAY: i64 = 86_400;

fn alice(number: u64) -> Sample {
    Sample::new(&owner("alice"), number).names(&["www.example.com"])
}

async fn roll_back(
    store: &dyn CertStore,
    sample: &Sample,
    generation: u64,
) -> Result<Generation, StoreError> {
    let resealed = resealed(generation + 1);
    store.rollback(sample.id(), Generation(generation), resealed, Quota::UNLIMITED, now()).await
}

fn resealed(generation: u64) -> SealedKey {
    let text = format!("\x01\x01\x00\x05kek-1resealed for {generation}");
    SealedKey::from_bytes(text.into_bytes()).unwrap()
}

pub async fn a_version_more_and_one_kept(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (first, second, third) = (alice(1).label("kept", "yes"), alice(2), alice(3));
    let id = first.insert(&*store).await;
    assert_eq!(store.get(id).await.unwrap().previous, None);
    assert_eq!(first.replace_by(&second, 1, &*store).await, Generation(2));
    let record = store.get(id).await.unwrap();
    assert_eq!(
        (record.summary.generation, &record.summary.leaf, &record.chain),
        (Generation(2), &second.new_cert().leaf, &second.new_cert().chain)
    );
    assert_eq!(
        (record.summary.name.as_str(), record.summary.labels.get("kept")),
        ("certificate 1", Some("yes"))
    );
    let previous = record.previous.unwrap();
    assert_eq!((previous.generation, &previous.leaf), (Generation(1), &first.new_cert().leaf));
    assert_eq!(store.sealed_key(id, Generation(1)).await.unwrap(), first.sealed_key());
    assert_eq!(store.sealed_key(id, Generation(2)).await.unwrap(), second.sealed_key());
    first.replace_by(&third, 2, &*store).await;
    let forgotten = store.sealed_key(id, Generation(1)).await.unwrap_err();
    assert!(matches!(forgotten, StoreError::NotFound { .. }), "exactly one old version is kept: {forgotten}");
    assert_eq!(store.sealed_key(id, Generation(2)).await.unwrap(), second.sealed_key());
    store.delete_if_unbound(id, &first.owner, now()).await.unwrap();
    for generation in 1..=3 {
        assert!(store.sealed_key(id, Generation(generation)).await.is_err(), "{generation}");
    }
}

pub async fn a_stale_generation_is_refused(fixture: impl Fixture) {
    let store = fixture.open().await;
    let first = alice(1);
    let id = first.insert(&*store).await;
    first.replace_by(&alice(2), 1, &*store).await;
    for generation in [1, 3] {
        let version = alice(3).new_version();
        let refused = store.replace(id, Generation(generation), version, Quota::UNLIMITED, now()).await;
        let is_stale = |stale| matches!(stale, Err(StoreError::Stale { id: named, generation: Some(Generation(2)) }) if named == id);
        assert!(is_stale(refused), "{generation}");
        assert!(is_stale(roll_back(&*store, &first, generation).await), "{generation}");
    }
    let unknown =
        store.replace(alice(9).id(), Generation(1), alice(3).new_version(), Quota::UNLIMITED, now()).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    assert_eq!(store.get(id).await.unwrap().summary.leaf, alice(2).new_cert().leaf);
}

pub async fn the_same_content_again_is_nothing(fixture: impl Fixture) {
    let store = fixture.open().await;
    let first = alice(1);
    let id = first.insert(&*store).await;
    assert_eq!(first.replace_by(&first, 1, &*store).await, Generation(1));
    for _ in 0..3 {
        assert_eq!(first.replace_by(&alice(2), 1, &*store).await, Generation(2));
    }
    assert_eq!(store.sealed_key(id, Generation(1)).await.unwrap(), first.sealed_key());
}

pub async fn rolling_back_and_forth(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (first, second) = (alice(1), alice(2));
    let id = first.insert(&*store).await;
    let none = roll_back(&*store, &first, 1).await;
    assert!(matches!(none, Err(StoreError::NoPrevious { id: named }) if named == id), "{none:?}");
    first.replace_by(&second, 1, &*store).await;
    for (generation, leaf) in
        [(2, first.new_cert().leaf), (3, second.new_cert().leaf), (4, first.new_cert().leaf)]
    {
        assert_eq!(roll_back(&*store, &first, generation).await.unwrap(), Generation(generation + 1));
        let record = store.get(id).await.unwrap();
        assert_eq!((&record.summary.leaf, record.summary.generation), (&leaf, Generation(generation + 1)));
        assert_eq!(record.previous.unwrap().generation, Generation(generation));
        assert_eq!(store.sealed_key(id, Generation(generation + 1)).await.unwrap(), resealed(generation + 1));
    }
    let unknown = roll_back(&*store, &alice(9), 1).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

pub async fn a_replaced_version_is_found_by_what_it_is(fixture: impl Fixture) {
    let store = fixture.open().await;
    let first = alice(1).names(&["old.example.com"]);
    let second = alice(2).names(&["new.example.com"]);
    let id = first.insert(&*store).await;
    first.replace_by(&second, 1, &*store).await;
    for (name, expected) in [("old.example.com", 0), ("new.example.com", 1)] {
        let by = FindBy::Covering(name.parse().unwrap());
        assert_eq!(
            store.find(&first.owner, &by, None, PageSize::MAX).await.unwrap().len(),
            expected,
            "{name}"
        );
    }
    // An upload is the same as what stands, not as what stood.
    let mut again = second.new_cert();
    again.name = "certificate 1".into();
    let repeated = store.insert(again, Quota::UNLIMITED, now()).await.unwrap();
    assert!(repeated.existing && repeated.id == id && repeated.generation == Generation(2), "{repeated:?}");
    let mut stood = first.new_cert();
    stood.id = alice(7).id();
    assert!(!store.insert(stood, Quota::UNLIMITED, now()).await.unwrap().existing);
}

pub async fn labels_are_replaced_where_some_come(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (first, second) = (alice(1).label("team", "web"), alice(2));
    let id = first.insert(&*store).await;
    let labelled = |sample: &Sample, value: &str| {
        let labels = Labels::new([("team".to_owned(), value.to_owned())]).unwrap();
        NewVersion { labels: Some(labels), ..sample.new_version() }
    };
    let replace = |version, generation| {
        let store = &store;
        async move { store.replace(id, Generation(generation), version, Quota::UNLIMITED, now()).await }
    };
    let found = |value: &'static str| {
        let (store, by) = (&store, FindBy::Label { key: "team".into(), value: value.into() });
        let alice = &first.owner;
        async move { store.find(alice, &by, None, PageSize::MAX).await.unwrap().len() }
    };
    // With a version, which they do not belong to.
    assert_eq!(replace(labelled(&second, "mail"), 1).await.unwrap(), Generation(2));
    assert_eq!(store.get(id).await.unwrap().summary.labels.get("team"), Some("mail"));
    assert_eq!((found("web").await, found("mail").await), (0, 1));
    assert_eq!(roll_back(&*store, &first, 2).await.unwrap(), Generation(3));
    assert_eq!(
        store.get(id).await.unwrap().summary.labels.get("team"),
        Some("mail"),
        "a rollback leaves them"
    );
    // Alone, which makes no generation.
    let start = store.head().await.unwrap();
    let stale = replace(labelled(&first, "dns"), 2).await;
    assert!(matches!(stale, Err(StoreError::Stale { generation: Some(Generation(3)), .. })), "{stale:?}");
    assert_eq!(replace(labelled(&first, "mail"), 2).await.unwrap(), Generation(3), "as they stand");
    assert_eq!(replace(first.new_version(), 1).await.unwrap(), Generation(3), "none came");
    assert_eq!(store.changes(start, PageSize::MAX).await.unwrap(), []);
    for _ in 0..2 {
        assert_eq!(replace(labelled(&first, "dns"), 3).await.unwrap(), Generation(3));
        let changed = store.changes(start, PageSize::MAX).await.unwrap();
        let changed: Vec<_> = changed.into_iter().map(|event| event.change).collect();
        assert_eq!(changed, [Change::Cert(id)]);
    }
    assert_eq!((found("mail").await, found("dns").await), (0, 1));
    let record = store.get(id).await.unwrap();
    assert_eq!(record.previous.unwrap().generation, Generation(2), "what a rollback brings back is kept");
    assert_eq!(
        store.page(&first.owner, None, PageSize::MAX).await.unwrap()[0].labels.get("team"),
        Some("dns")
    );
    let none = NewVersion { labels: Some(Labels::default()), ..first.new_version() };
    replace(none, 3).await.unwrap();
    assert!(store.get(id).await.unwrap().summary.labels.is_empty());
    assert_eq!(found("dns").await, 0);
    store.delete_if_unbound(id, &first.owner, now()).await.unwrap();
}

pub async fn a_bound_domain_keeps_its_cover(fixture: impl Fixture) {
    let store = fixture.open().await;
    let first = alice(1).names(&["*.example.com", "example.org"]);
    let id = first.insert(&*store).await;
    for domain in ["b.example.com", "a.example.com", "example.org"] {
        let target = Target::cdn(domain.parse().unwrap());
        store.bind(id, &first.owner, Generation(1), &target, Default::default(), now()).await.unwrap();
    }
    let narrower = alice(2).names(&["a.example.com", "example.org"]);
    let refused =
        store.replace(id, Generation(1), narrower.new_version(), Quota::UNLIMITED, now()).await.unwrap_err();
    let StoreError::WouldUncover { id: named, domains } = &refused else { panic!("{refused}") };
    assert_eq!(
        (*named, domains.iter().map(|name| name.as_str()).collect::<Vec<_>>()),
        (id, vec!["b.example.com"])
    );
    let wider = alice(3).names(&["*.example.com", "example.org", "c.example.net"]);
    first.replace_by(&wider, 1, &*store).await;
    let bound = store.bound(&Target::cdn("a.example.com".parse().unwrap())).await.unwrap().unwrap();
    assert_eq!((bound.id, bound.generation), (id, Generation(2)), "a binding follows its certificate");
    let target = Target::storage("c.example.net".parse().unwrap());
    store.bind(id, &first.owner, Generation(2), &target, Default::default(), now()).await.unwrap();
    let refused = roll_back(&*store, &first, 2).await;
    assert!(matches!(refused, Err(StoreError::WouldUncover { .. })), "{refused:?}");
    assert_eq!(store.get(id).await.unwrap().summary.generation, Generation(2));
}

pub async fn coming_back_to_life_needs_a_place(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alices = owner("alice");
    let quota = Quota { live: 1, total: 9 };
    let first = alice(1).ending(now() + DAY);
    first.insert(&*store).await;
    let later = now() + 2 * DAY;
    store.insert(alice(2).new_cert(), quota, later).await.unwrap();
    let refused = store.replace(first.id(), Generation(1), alice(3).new_version(), quota, later).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded { limit: 1, .. })), "{refused:?}");
    let renewed = store.replace(alice(2).id(), Generation(1), alice(4).new_version(), quota, later).await;
    assert_eq!(renewed.unwrap(), Generation(2), "one that lives keeps its place");
    store.delete_if_unbound(alice(2).id(), &alices, later).await.unwrap();
    store.replace(first.id(), Generation(1), alice(3).new_version(), quota, later).await.unwrap();
    assert_eq!(store.usage(&alices, later).await.unwrap(), Usage { live: 1, total: 1 });
    // Back to the expired version: its place is free again.
    store.rollback(first.id(), Generation(2), resealed(3), quota, later).await.unwrap();
    assert_eq!(store.usage(&alices, later).await.unwrap(), Usage { live: 0, total: 1 });
    store.insert(alice(5).new_cert(), quota, later).await.unwrap();
    let refused = store.rollback(first.id(), Generation(3), resealed(4), quota, later).await;
    assert!(matches!(refused, Err(StoreError::QuotaExceeded { .. })), "{refused:?}");
}

pub async fn reopening_keeps_versions(fixture: impl Fixture) {
    if !fixture.is_durable() {
        return;
    }
    let first = alice(1);
    {
        let store = fixture.open().await;
        first.insert(&*store).await;
        first.replace_by(&alice(2), 1, &*store).await;
    }
    let store = fixture.open().await;
    assert_eq!(roll_back(&*store, &first, 2).await.unwrap(), Generation(3));
    assert_eq!(store.get(first.id()).await.unwrap().chain, first.new_cert().chain);
}
