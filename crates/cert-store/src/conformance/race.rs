//! Many callers at once, and callers that go away.

use std::{sync::Arc, time::Duration};

use super::{Fixture, Sample, now, owner};
use crate::{BindOptions, Generation, PageSize, Quota, StoreError, Target, Usage};

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
    // What was dropped on its way may still arrive for a while.
    let mut listed = store.page(&alice, None, PageSize::MAX).await.unwrap();
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let later = store.page(&alice, None, PageSize::MAX).await.unwrap();
        if later.len() == listed.len() {
            break;
        }
        listed = later;
    }
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

fn target(number: u64) -> Target {
    Target::cdn(format!("n{number}.example.com").parse().unwrap())
}

pub async fn bind_and_delete_never_both_win(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    for number in 0..100 {
        let id = Sample::new(&alice, number).insert(&*store).await;
        let bind = {
            let (store, alice) = (Arc::clone(&store), alice.clone());
            let options = BindOptions::default();
            tokio::spawn(async move {
                store.bind(id, &alice, Generation(1), &target(number), options, now()).await
            })
        };
        let deleted = store.delete_if_unbound(id, &alice, now()).await;
        match (bind.await.unwrap(), deleted) {
            (Ok(_), Err(StoreError::StillBound { .. })) => {
                assert_eq!(store.bound(&target(number)).await.unwrap().unwrap().id, id);
            }
            (Err(StoreError::NotFound { .. }), Ok(())) => {
                assert_eq!(store.bound(&target(number)).await.unwrap(), None);
            }
            both => panic!("{both:?}"),
        }
    }
}

pub async fn bound_domains_are_always_covered(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    for number in 0..100 {
        let sample = Sample::new(&alice, number);
        let id = sample.insert(&*store).await;
        let replace = {
            let other = Sample::new(&alice, 1000 + number).new_version();
            let store = Arc::clone(&store);
            tokio::spawn(
                async move { store.replace(id, Generation(1), other, Quota::UNLIMITED, now()).await },
            )
        };
        let options = BindOptions::default();
        let bound = store.bind(id, &alice, Generation(1), &target(number), options, now()).await;
        match (replace.await.unwrap(), bound) {
            (Ok(Generation(2)), Err(StoreError::Stale { .. }))
            | (Err(StoreError::WouldUncover { .. }), Ok(None)) => {}
            both => panic!("{both:?}"),
        }
    }
}

pub async fn one_domain_has_one_owner(fixture: impl Fixture) {
    let store = fixture.open().await;
    let owners: Vec<_> = (0..8).map(|number| owner(&format!("owner {number}"))).collect();
    for round in 0..20 {
        let mut calls = Vec::new();
        for name in &owners {
            let sample = Sample::new(name, round);
            sample.insert(&*store).await;
            let (store, name) = (Arc::clone(&store), name.clone());
            calls.push(tokio::spawn(async move {
                let (target, options) = (target(round), BindOptions::default());
                store.bind(sample.id(), &name, Generation(1), &target, options, now()).await
            }));
        }
        let mut admitted = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(None) => admitted += 1,
                Err(StoreError::BoundElsewhere { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(admitted, 1);
    }
    assert_eq!(store.totals().await.unwrap().bindings, 20);
}

pub async fn two_slots_have_one_owner(fixture: impl Fixture) {
    let store = fixture.open().await;
    let owners = [owner("alice"), owner("bob")];
    let (mut admitted, mut freed) = (0, 0);
    for round in 0..150 {
        let slots = [target(round), target(round).alternate()];
        let samples = [Sample::new(&owners[0], round), Sample::new(&owners[1], round)];
        for sample in &samples {
            sample.insert(&*store).await;
        }
        let bind = |sample: usize, slot: usize| {
            let (store, target) = (Arc::clone(&store), slots[slot].clone());
            let (id, name) = (samples[sample].id(), owners[sample].clone());
            let options = BindOptions::default();
            tokio::spawn(async move { store.bind(id, &name, Generation(1), &target, options, now()).await })
        };
        // Every third round, the first owner has a slot already and frees it, and every third moves the domain.
        if round % 3 > 0 {
            bind(0, 0).await.unwrap().unwrap();
        }
        let calls = [bind(0, (round % 2) as usize), bind(1, 1 - (round % 2) as usize), bind(1, 1)];
        match round % 3 {
            1 => freed += u64::from(store.unbind(&slots[0], &owners[0], now()).await.unwrap().is_some()),
            2 => {
                let id = samples[1].id();
                let moved =
                    store.move_binding(&slots[0], &owners[0], &owners[1], id, Generation(1), now()).await;
                assert!(matches!(moved, Ok(_) | Err(StoreError::Stale { .. })), "{moved:?}");
            }
            _ => {}
        }
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => admitted += 1,
                Err(StoreError::BoundElsewhere { target }) => assert!(slots.contains(&target)),
                Err(error) => panic!("{error}"),
            }
        }
        let mut holders = Vec::new();
        for slot in &slots {
            holders.extend(store.bound(slot).await.unwrap().map(|binding| binding.owner));
        }
        holders.dedup();
        assert!(holders.len() <= 1, "round {round}: {holders:?}");
        assert!(round % 3 == 1 || holders.len() == 1, "round {round}: nobody has it");
    }
    assert!(admitted >= 100 && freed > 0, "{admitted} {freed}");
}

pub async fn takeover_and_re_pointing_do_not_cross(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    for round in 0..50 {
        let sample = |place: u64| {
            let ending = now() + (place as i64 + 1) * 86_400;
            let name = format!("n{round}.example.com");
            Sample::new(&alice, round * 10 + place).names(&[name.as_str()]).ending(ending)
        };
        let [old, newer, other] = [sample(0), sample(1), sample(2)];
        let ids = [old.insert(&*store).await, newer.insert(&*store).await, other.insert(&*store).await];
        let options = BindOptions::default();
        store.bind(ids[0], &alice, Generation(1), &target(round), options, now()).await.unwrap();
        let taking_over = {
            let (store, alice) = (Arc::clone(&store), alice.clone());
            tokio::spawn(async move {
                store.take_over(&target(round), ids[0], ids[1], Generation(1), &alice, now()).await
            })
        };
        let before = store.bind(ids[2], &alice, Generation(1), &target(round), options, now()).await.unwrap();
        // Whichever comes second, the owner's own word stands at the end.
        let (superseded_by, expected) = match taking_over.await.unwrap() {
            Ok(()) => (Some(ids[1]), ids[1]),
            Err(StoreError::Stale { generation: None, .. }) => (None, ids[0]),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(before, Some(expected));
        assert_eq!(store.bound(&target(round)).await.unwrap().unwrap().id, ids[2]);
        assert_eq!(store.get(ids[0]).await.unwrap().summary.superseded_by, superseded_by);
    }
}
