//! Binding certificates to domains.

use super::{Fixture, Sample, now, owner};
use crate::{
    BindOptions, CertId, CertStore, Change, Generation, OwnerId, PageSize, StoreError, Target, TargetKind,
    Totals,
};

fn cdn(domain: &str) -> Target {
    Target::cdn(domain.parse().unwrap())
}

async fn bind(store: &dyn CertStore, sample: &Sample, target: &Target) -> Result<Option<CertId>, StoreError> {
    let options = BindOptions { force_https: true, http2: false };
    store.bind(sample.id(), &sample.owner, Generation(1), target, options, now()).await
}

fn wildcard(owner: &OwnerId, number: u64) -> Sample {
    Sample::new(owner, number).names(&["*.example.com"])
}

pub async fn a_binding_shows_its_certificate(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = wildcard(&owner("alice"), 1);
    sample.insert(&*store).await;
    assert_eq!(store.bound(&cdn("www.example.com")).await.unwrap(), None);
    assert_eq!(bind(&*store, &sample, &cdn("www.example.com")).await.unwrap(), None);
    let binding = store.bound(&cdn("www.example.com")).await.unwrap().unwrap();
    assert_eq!(binding.target, cdn("www.example.com"));
    assert_eq!((&binding.owner, binding.id, binding.generation), (&sample.owner, sample.id(), Generation(1)));
    let leaf = sample.new_cert().leaf;
    assert_eq!((binding.not_after, binding.key_type), (leaf.not_after, leaf.key_type));
    assert_eq!(binding.options, BindOptions { force_https: true, http2: false });
    assert_eq!(store.bindings(sample.id()).await.unwrap(), std::slice::from_ref(&binding));
    assert_eq!(
        store.bound_by(&sample.owner, None, PageSize::MAX).await.unwrap(),
        std::slice::from_ref(&binding)
    );
    assert_eq!(store.bound_all(None, PageSize::MAX).await.unwrap(), [binding]);
    let options = BindOptions { force_https: false, http2: true };
    let again =
        store.bind(sample.id(), &sample.owner, Generation(1), &cdn("www.example.com"), options, now()).await;
    assert_eq!(again.unwrap(), None, "the same certificate is no previous one");
    assert_eq!(store.bound(&cdn("www.example.com")).await.unwrap().unwrap().options, options);
}

pub async fn re_pointing_returns_the_previous_one(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let target = cdn("www.example.com");
    let mut before = None;
    for number in 1..5 {
        let sample = wildcard(&alice, number);
        let id = sample.insert(&*store).await;
        assert_eq!(bind(&*store, &sample, &target).await.unwrap(), before);
        assert_eq!(store.bound(&target).await.unwrap().unwrap().id, id);
        if let Some(before) = before {
            assert!(store.bindings(before).await.unwrap().is_empty());
        }
        before = Some(id);
    }
    assert_eq!(store.totals().await.unwrap(), Totals { certificates: 4, bindings: 1 });
    assert_eq!(store.bound_by(&alice, None, PageSize::MAX).await.unwrap().len(), 1);
}

pub async fn each_precondition_is_checked(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, bob) = (owner("alice"), owner("bob"));
    let sample = wildcard(&alice, 1).ending(now() + 10);
    let id = sample.insert(&*store).await;
    let target = cdn("www.example.com");
    let attempt = |id, owner: OwnerId, generation, target: Target, at| {
        let store = &store;
        async move {
            store.bind(id, &owner, Generation(generation), &target, BindOptions::default(), now() + at).await
        }
    };
    let unknown = wildcard(&alice, 9).id();
    let refused = attempt(unknown, alice.clone(), 1, target.clone(), 0).await;
    assert!(matches!(refused, Err(StoreError::NotFound { id: named }) if named == unknown), "{refused:?}");
    let refused = attempt(id, bob, 1, target.clone(), 0).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    let refused = attempt(id, alice.clone(), 2, target.clone(), 0).await;
    assert!(matches!(refused, Err(StoreError::Stale { generation: Some(Generation(1)), .. })), "{refused:?}");
    let refused = attempt(id, alice.clone(), 1, cdn("a.b.example.com"), 0).await;
    assert!(
        matches!(&refused, Err(StoreError::NotCovered { domain, .. }) if domain.as_str() == "a.b.example.com"),
        "{refused:?}"
    );
    let refused = attempt(id, alice.clone(), 1, target.clone(), 10).await.unwrap_err();
    assert_eq!(refused.code(), Some(cert_core::ErrorCode::Expired));
    assert!(matches!(refused, StoreError::Expired { not_after, .. } if not_after == now() + 10));
    assert_eq!(store.bound_all(None, PageSize::MAX).await.unwrap(), []);
    attempt(id, alice, 1, target, 9).await.unwrap();
}

pub async fn a_domain_of_another_owner_is_refused(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, bob) = (wildcard(&owner("alice"), 1), wildcard(&owner("bob"), 1));
    alice.insert(&*store).await;
    bob.insert(&*store).await;
    let target = cdn("www.example.com");
    bind(&*store, &alice, &target).await.unwrap();
    let refused = bind(&*store, &bob, &target).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::BoundElsewhere { target: named } if *named == target),
        "{refused}"
    );
    assert!(!refused.to_string().contains("alice"), "who holds it is not for others: {refused}");
    let refused = store.unbind(&target, &bob.owner, now()).await;
    assert!(matches!(refused, Err(StoreError::BoundElsewhere { .. })), "{refused:?}");
    assert_eq!(store.bound(&target).await.unwrap().unwrap().owner, alice.owner);
}

pub async fn both_slots_have_one_owner(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, bob) = (wildcard(&owner("alice"), 1), wildcard(&owner("bob"), 1));
    alice.insert(&*store).await;
    bob.insert(&*store).await;
    let primary = cdn("www.example.com");
    for held in [primary.clone(), primary.alternate()] {
        bind(&*store, &alice, &held).await.unwrap();
        let free = held.other_slot();
        let refused = bind(&*store, &bob, &free).await.unwrap_err();
        assert!(
            matches!(&refused, StoreError::BoundElsewhere { target: named } if *named == free),
            "{refused}"
        );
        assert_eq!(store.bound(&free).await.unwrap(), None);
        bind(&*store, &alice, &free).await.unwrap();
        // One of two is freed: the other still holds the domain.
        store.unbind(&held, &alice.owner, now()).await.unwrap();
        let refused = bind(&*store, &bob, &held).await;
        assert!(matches!(refused, Err(StoreError::BoundElsewhere { .. })), "{refused:?}");
        assert_eq!(store.unbind(&held, &bob.owner, now()).await.unwrap(), None, "a free slot is nobody's");
        store.unbind(&free, &alice.owner, now()).await.unwrap();
        bind(&*store, &bob, &free).await.unwrap();
        let refused = bind(&*store, &alice, &held).await;
        assert!(matches!(refused, Err(StoreError::BoundElsewhere { .. })), "{refused:?}");
        store.unbind(&free, &bob.owner, now()).await.unwrap();
    }
    // Another kind of service is another domain.
    bind(&*store, &alice, &cdn("www.example.com")).await.unwrap();
    bind(&*store, &bob, &Target::storage("www.example.com".parse().unwrap())).await.unwrap();
}

pub async fn moving_takes_both_slots(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, bob) = (wildcard(&owner("alice"), 1), wildcard(&owner("bob"), 1));
    let (from, to) = (alice.insert(&*store).await, bob.insert(&*store).await);
    let moving = |target: Target, from: OwnerId, to: OwnerId, id| {
        let store = &store;
        async move { store.move_binding(&target, &from, &to, id, Generation(1), now()).await }
    };
    let primary = cdn("www.example.com");
    for (held, moved) in [
        (vec![primary.clone(), primary.clone().alternate()], primary.clone()),
        (vec![primary.clone(), primary.clone().alternate()], primary.clone().alternate()),
        (vec![primary.clone()], primary.clone().alternate()),
        (vec![primary.clone().alternate()], primary),
    ] {
        for target in &held {
            bind(&*store, &alice, target).await.unwrap();
        }
        let start = store.head().await.unwrap();
        let stale = moving(moved.clone(), bob.owner.clone(), bob.owner.clone(), to).await;
        assert!(matches!(stale, Err(StoreError::Stale { generation: None, .. })), "{stale:?}");
        assert_eq!(store.changes(start, PageSize::MAX).await.unwrap(), [], "a refusal is no event");
        let (a, b) = (alice.owner.clone(), bob.owner.clone());
        assert_eq!(moving(moved.clone(), a.clone(), b.clone(), to).await.unwrap(), from);
        assert_eq!(store.bound_all(None, PageSize::MAX).await.unwrap().len(), 1);
        assert_eq!(store.bound(&moved).await.unwrap().unwrap().owner, bob.owner);
        assert_eq!(store.bindings(from).await.unwrap(), []);
        let changed = store.changes(start, PageSize::MAX).await.unwrap();
        let mut changed: Vec<_> = changed.into_iter().map(|event| event.change).collect();
        changed.sort_by_key(|change| format!("{change:?}"));
        let mut expected: Vec<_> = held.iter().cloned().chain([moved.clone()]).map(Change::Domain).collect();
        expected.sort_by_key(|change| format!("{change:?}"));
        expected.dedup();
        assert_eq!(changed, expected);
        assert_eq!(moving(moved.clone(), a, b, to).await.unwrap(), to, "repeated");
        assert_eq!(store.unbind(&moved, &bob.owner, now()).await.unwrap(), Some(to));
    }
    assert_eq!(store.totals().await.unwrap().bindings, 0);
}

pub async fn moving_names_both_owners(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (alice, bob, carol) = (owner("alice"), owner("bob"), owner("carol"));
    let samples = [&alice, &bob].map(|owner| wildcard(owner, 1));
    for sample in &samples {
        sample.insert(&*store).await;
    }
    let [from, to] = [samples[0].id(), samples[1].id()];
    let target = cdn("www.example.com");
    let attempt = |from: OwnerId, id, generation| {
        let (store, target, bob) = (&store, &target, &bob);
        async move { store.move_binding(target, &from, bob, id, Generation(generation), now()).await }
    };
    let unbound = attempt(alice.clone(), to, 1).await;
    assert!(matches!(unbound, Err(StoreError::Stale { generation: None, .. })), "{unbound:?}");
    bind(&*store, &samples[0], &target).await.unwrap();
    let refused = attempt(carol, to, 1).await;
    assert!(matches!(refused, Err(StoreError::Stale { generation: None, .. })), "{refused:?}");
    let refused = attempt(alice.clone(), to, 2).await;
    assert!(matches!(refused, Err(StoreError::Stale { generation: Some(_), .. })), "{refused:?}");
    let refused = attempt(alice.clone(), from, 1).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    assert_eq!(attempt(alice.clone(), to, 1).await.unwrap(), from);
    let binding = store.bound(&target).await.unwrap().unwrap();
    assert_eq!((&binding.owner, binding.id, binding.options), (&bob, to, BindOptions::default()));
    assert_eq!(attempt(alice.clone(), to, 1).await.unwrap(), to, "repeated");
    assert!(store.bound_by(&alice, None, PageSize::MAX).await.unwrap().is_empty());
    store.delete_if_unbound(from, &alice, now()).await.unwrap();
}

pub async fn unbinding_twice_is_nothing(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = wildcard(&owner("alice"), 1);
    let id = sample.insert(&*store).await;
    let target = cdn("www.example.com");
    for _ in 0..2 {
        bind(&*store, &sample, &target).await.unwrap();
        bind(&*store, &sample, &target).await.unwrap();
        assert_eq!(store.unbind(&target, &sample.owner, now()).await.unwrap(), Some(id));
        assert_eq!(store.unbind(&target, &sample.owner, now()).await.unwrap(), None);
        assert_eq!(store.bound(&target).await.unwrap(), None);
        assert_eq!(store.totals().await.unwrap().bindings, 0);
    }
}

pub async fn bound_domains_hold_a_certificate(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = wildcard(&owner("alice"), 1);
    let id = sample.insert(&*store).await;
    let (cdn, storage) = (cdn("a.example.com"), Target::storage("b.example.com".parse().unwrap()));
    for target in [&cdn, &storage, &cdn.clone().alternate()] {
        bind(&*store, &sample, target).await.unwrap();
    }
    for (freed, expected, code) in [
        (None, (2, 1), cert_core::ErrorCode::BoundToCdn),
        (Some(cdn.clone().alternate()), (1, 1), cert_core::ErrorCode::BoundToCdn),
        (Some(cdn), (0, 1), cert_core::ErrorCode::BoundToStorage),
    ] {
        if let Some(target) = freed {
            store.unbind(&target, &sample.owner, now()).await.unwrap();
        }
        let refused = store.delete_if_unbound(id, &sample.owner, now()).await.unwrap_err();
        assert_eq!(refused.code(), Some(code));
        let StoreError::StillBound { id: named, cdn, storage } = refused else { panic!("{refused}") };
        assert_eq!((named, (cdn, storage)), (id, expected));
    }
    store.unbind(&storage, &sample.owner, now()).await.unwrap();
    store.delete_if_unbound(id, &sample.owner, now()).await.unwrap();
}

pub async fn slots_and_kinds_are_apart(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let domain = "www.example.com".parse::<cert_core::DnsName>().unwrap();
    let targets = [
        Target::cdn(domain.clone()).alternate(),
        Target::cdn(domain.clone()),
        Target::storage(domain.clone()).alternate(),
        Target::storage(domain),
    ];
    for (number, target) in targets.iter().enumerate() {
        let sample = wildcard(&alice, number as u64);
        sample.insert(&*store).await;
        assert_eq!(bind(&*store, &sample, target).await.unwrap(), None);
    }
    for (number, target) in targets.iter().enumerate() {
        assert_eq!(store.bound(target).await.unwrap().unwrap().id, wildcard(&alice, number as u64).id());
    }
    store.unbind(&targets[0], &alice, now()).await.unwrap();
    assert_eq!(store.bound_all(None, PageSize::MAX).await.unwrap().len(), 3);
}

pub async fn lists_go_on_behind_a_target(fixture: impl Fixture) {
    let store = fixture.open().await;
    let samples = [wildcard(&owner("alice"), 1), wildcard(&owner("alicf"), 1)];
    let mut targets = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        sample.insert(&*store).await;
        for domain in ["b", "a", "a-", "aa", "*"].map(|label| label.trim_end_matches('-').to_owned()) {
            let target = cdn(&if domain == "*" {
                "*.example.com".into()
            } else {
                format!("{domain}{number}.example.com")
            });
            if bind(&*store, sample, &target).await.is_ok() {
                targets.push((sample.owner.clone(), target));
            }
        }
        let storage = Target { kind: TargetKind::Storage, ..cdn(&format!("a{number}.example.com")) };
        bind(&*store, sample, &storage).await.unwrap();
        targets.push((sample.owner.clone(), storage));
    }
    targets.sort_by(|(_, a), (_, b)| a.cmp(b));
    targets.dedup();
    let (mut after, mut all) = (None, Vec::new());
    while let Some(binding) = store.bound_all(after.as_ref(), PageSize::MIN).await.unwrap().pop() {
        after = Some(binding.target.clone());
        all.push((binding.owner, binding.target));
    }
    assert_eq!(all, targets);
    for sample in &samples {
        let (mut after, mut listed) = (None, Vec::new());
        while let Some(binding) =
            store.bound_by(&sample.owner, after.as_ref(), PageSize::new(2)).await.unwrap().pop()
        {
            after = Some(binding.target.clone());
            listed.push(binding.target);
        }
        let own = targets.iter().filter(|(owner, _)| *owner == sample.owner).count();
        assert_eq!(listed.len(), own.div_ceil(2), "every page has its two");
        assert!(listed.is_sorted());
    }
    let gone = &targets[0].1;
    store.unbind(gone, &targets[0].0, now()).await.unwrap();
    let behind = store.bound_all(Some(gone), PageSize::MAX).await.unwrap();
    assert_eq!(behind.len(), targets.len() - 1);
}

pub async fn reopening_keeps_bindings(fixture: impl Fixture) {
    if !fixture.is_durable() {
        return;
    }
    let sample = wildcard(&owner("alice"), 1);
    {
        let store = fixture.open().await;
        sample.insert(&*store).await;
        bind(&*store, &sample, &cdn("www.example.com")).await.unwrap();
    }
    let store = fixture.open().await;
    assert_eq!(store.bindings(sample.id()).await.unwrap().len(), 1);
    assert_eq!(store.totals().await.unwrap(), Totals { certificates: 1, bindings: 1 });
    let refused = store.delete_if_unbound(sample.id(), &sample.owner, now()).await;
    assert!(matches!(refused, Err(StoreError::StillBound { cdn: 1, storage: 0, .. })), "{refused:?}");
}
