//! The name view: precedence, and that it stays fresh whatever happens to its store.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faulty;
mod site;

use std::{collections::BTreeMap, sync::Arc};

use cert_core::{KeyType, Timestamp};
use cert_service::{Caller, LocalKeyRing, Match, NameView, Resolved, ServiceError};
use cert_store::{
    BindOptions, Binding, CertId, CertStore, Generation, MemoryStore, OwnerId, Slot, Target, TargetKind,
};
use faulty::Faulty;
use site::{DAY, NOW, Site, alice, bob, cdn, upload};

const CDN: TargetKind = TargetKind::Cdn;

fn binding(target: Target, number: u64, generation: u64, not_after: Timestamp) -> Binding {
    let owner = OwnerId::new("alice").unwrap();
    Binding {
        id: CertId::from_parts(1, owner.shard(), number),
        target,
        owner,
        generation: Generation(generation),
        not_after,
        key_type: KeyType::Rsa { bits: 2048 },
        options: BindOptions { force_https: true, http2: false },
    }
}

fn numbers(found: Option<Resolved>) -> Vec<u64> {
    let found = found.map(|found| found.slots().map(|served| u64::from(served.id.0[11])).collect());
    found.unwrap_or_default()
}

#[test]
fn precedence_is_exact_then_wildcard_and_unexpired_first() {
    let (live, expired) = (NOW + DAY, NOW - DAY);
    // Which of the two are bound and live, and which one wins.
    let cases = [
        (Some(live), Some(live), Some(Match::Exact)),
        (Some(expired), Some(live), Some(Match::Wildcard)),
        (Some(live), Some(expired), Some(Match::Exact)),
        (Some(expired), Some(expired), Some(Match::Exact)),
        (None, Some(expired), Some(Match::Wildcard)),
        (Some(expired), None, Some(Match::Exact)),
        (None, None, None),
    ];
    for (exact, wildcard, expected) in cases {
        let view = NameView::new();
        if let Some(end) = exact {
            view.put(&binding(cdn("a.example.com"), 1, 1, end));
        }
        if let Some(end) = wildcard {
            view.put(&binding(cdn("*.example.com"), 2, 1, end));
        }
        let found = view.resolve(CDN, "a.example.com", NOW);
        assert_eq!(found.map(|found| found.matched()), expected, "{exact:?} {wildcard:?}");
    }
}

#[test]
fn names_are_found_as_servers_are_asked_for_them() {
    let view = NameView::new();
    view.put(&binding(cdn("*.example.com"), 1, 1, NOW + DAY));
    view.put(&binding(cdn("example.com"), 2, 1, NOW + DAY));
    view.put(&binding(Target::storage("a.example.com".parse().unwrap()), 3, 1, NOW + DAY));
    for (name, expected) in [
        ("a.example.com", vec![1]),
        ("A.EXAMPLE.com.", vec![1]),
        ("*.example.com", vec![1]),
        ("*.EXAMPLE.com", vec![1]),
        ("example.com", vec![2]),
        (".example.com", vec![]),
        ("a.b.example.com", vec![]),
        ("*.a.example.com", vec![]),
        ("com", vec![]),
        ("", vec![]),
        (".", vec![]),
        ("*", vec![]),
        ("*.", vec![]),
        ("bücher.example", vec![]),
        (&"a".repeat(300), vec![]),
    ] {
        assert_eq!(numbers(view.resolve(CDN, name, NOW)), expected, "{name}");
    }
    assert_eq!(numbers(view.resolve(TargetKind::Storage, "a.example.com", NOW)), [3]);
    assert_eq!(view.len(), 3);
}

#[test]
fn slots_are_given_together_and_an_expired_one_only_alone() {
    let view = NameView::new();
    view.put(&binding(cdn("a.example"), 1, 1, NOW + DAY));
    view.put(&binding(cdn("a.example").alternate(), 2, 1, NOW + 2 * DAY));
    assert_eq!(numbers(view.resolve(CDN, "a.example", NOW)), [1, 2]);
    assert_eq!(numbers(view.resolve(CDN, "a.example", NOW + DAY)), [2], "its last instant is over");
    assert_eq!(numbers(view.resolve(CDN, "a.example", NOW + 3 * DAY)), [1, 2]);
    view.remove(&cdn("a.example"));
    let found = view.resolve(CDN, "a.example", NOW).unwrap();
    assert_eq!((found.primary(), numbers(Some(found))), (None, vec![2]));
    view.remove(&cdn("a.example").alternate());
    view.remove(&cdn("a.example"));
    assert!(view.is_empty() && view.resolve(CDN, "a.example", NOW).is_none());
}

#[test]
fn a_generation_that_is_over_is_refused_on_every_name() {
    let view = NameView::new();
    assert!(view.put(&binding(cdn("a.example"), 1, 5, NOW + DAY)));
    assert!(view.put(&binding(cdn("b.example"), 2, 1, NOW + DAY)));
    assert!(!view.put(&binding(cdn("a.example"), 1, 4, NOW + DAY)));
    assert!(!view.put(&binding(cdn("b.example"), 1, 4, NOW + DAY)), "another name of the same certificate");
    assert!(view.put(&binding(cdn("a.example"), 1, 5, NOW + 2 * DAY)));
    let served = view.resolve(CDN, "a.example", NOW).unwrap().primary().unwrap();
    assert_eq!((served.generation, served.not_after), (Generation(5), NOW + 2 * DAY));
    assert!(served.options.force_https && !served.options.http2);
    assert_eq!(served.key_type, KeyType::Rsa { bits: 2048 });
    assert_eq!(numbers(view.resolve(CDN, "b.example", NOW)), [2]);
}

#[tokio::test]
async fn whoever_keeps_keys_learns_of_later_versions_and_of_what_is_gone() {
    let site = Site::new(20).await;
    let (certs, view) = (&site.certs, site.certs.names());
    let id = site.store(&alice(), &site.issue_until(&["a.example"], 30)).await;
    let target = cdn("a.example");
    certs.bind(&alice(), id, &target, BindOptions::default()).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_eq!((view.revision(), view.generation(id)), (0, Some(Generation(1))));
    assert_eq!(numbers(certs.lookup(CDN, "a.example")).len(), 1);

    certs.replace(&alice(), id, upload(&site.issue_until(&["a.example"], 40)), None).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_eq!((view.revision(), view.generation(id)), (1, Some(Generation(2))));
    certs.unbind(&alice(), &target).await.unwrap();
    certs.delete(&alice(), id).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_eq!((view.revision(), view.generation(id)), (2, None));
    assert!(certs.lookup(CDN, "a.example").is_none());
}

/// What the view gives for each bound target must be what the store has.
async fn assert_same(site: &Site) {
    let (view, mut after, mut names) = (site.certs.names(), None, BTreeMap::<_, Vec<_>>::new());
    loop {
        let page = site.store.bound_all(after.as_ref(), cert_store::PageSize::MAX).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.target.clone());
        for bound in page {
            names.entry((bound.target.kind, bound.target.domain.clone())).or_default().push(bound);
        }
    }
    assert_eq!(view.len(), names.len());
    for ((kind, domain), bound) in names {
        let found = view.resolve(kind, domain.as_str(), NOW).unwrap();
        for bound in bound {
            let slot = if bound.target.slot == Slot::Primary { found.primary() } else { found.alternate() };
            let served = slot.unwrap();
            assert_eq!((served.id, served.generation), (bound.id, bound.generation), "{domain}");
            assert_eq!((served.not_after, served.options), (bound.not_after, bound.options));
        }
    }
}

#[tokio::test]
async fn it_follows_every_kind_of_change() {
    let site = Site::new(20).await;
    let (certs, options) = (&site.certs, BindOptions::default());
    let first = site.store(&alice(), &site.issue_until(&["a.example", "*.example"], 30)).await;
    certs.bind(&alice(), first, &cdn("a.example"), options).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_same(&site).await;

    certs.bind(&alice(), first, &cdn("b.example"), options).await.unwrap();
    certs.bind(&alice(), first, &cdn("*.example"), options).await.unwrap();
    certs.bind(&alice(), first, &cdn("b.example"), BindOptions { http2: true, ..options }).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_same(&site).await;

    let renewed = site.issue_until(&["a.example", "*.example"], 40);
    certs.replace(&alice(), first, upload(&renewed), None).await.unwrap();
    certs.refresh_names().await.unwrap();
    assert_same(&site).await;
    certs.rollback(&alice(), first, None).await.unwrap();
    certs.unbind(&alice(), &cdn("b.example")).await.unwrap();
    let newer = upload(&site.issue_until(&["a.example"], 50)).takeover();
    assert_eq!(certs.upload(&alice(), newer).await.unwrap().taken_over().len(), 1);
    certs.refresh_names().await.unwrap();
    assert_same(&site).await;
    assert_eq!(certs.names_status().restarts, 0);
}

#[tokio::test]
async fn after_a_marker_that_is_too_old_it_starts_again_and_serves_no_less() {
    let store = Arc::new(Faulty::new(MemoryStore::new()));
    let site = Site::on(Arc::clone(&store) as _, Arc::new(LocalKeyRing::ephemeral().unwrap()), 20).await;
    let (certs, options) = (&site.certs, BindOptions::default());
    let id = site.store(&alice(), &site.issue_until(&["*.example", "gone.example"], 30)).await;
    for domain in ["a.example", "b.example", "gone.example"] {
        certs.bind(&alice(), id, &cdn(domain), options).await.unwrap();
    }
    certs.refresh_names().await.unwrap();

    certs.unbind(&alice(), &cdn("gone.example")).await.unwrap();
    certs.unbind(&alice(), &cdn("b.example")).await.unwrap();
    site.store.prune(NOW + 1).await.unwrap();
    // While everything is read anew, one name is bound that was free when its page was read.
    let bound_again = {
        let (certs, caller) = (certs.clone(), alice());
        move || {
            let (certs, caller) = (certs.clone(), caller.clone());
            Box::pin(async move {
                assert!(certs.names().resolve(CDN, "a.example", NOW).is_some());
                assert!(certs.names().resolve(CDN, "b.example", NOW).is_some());
                certs.bind(&caller, id, &cdn("b.example"), options).await.unwrap();
            }) as _
        }
    };
    store.before_changes(bound_again);
    certs.refresh_names().await.unwrap();
    assert!(certs.names().resolve(CDN, "gone.example", NOW).is_none());
    assert_same(&site).await;
    let status = certs.names_status();
    assert_eq!((status.restarts, status.is_ready, status.names), (1, true, 2));
}

#[tokio::test]
async fn a_store_that_is_out_of_reach_changes_nothing_and_is_shown() {
    let store = Arc::new(Faulty::new(MemoryStore::new()));
    let site = Site::on(Arc::clone(&store) as _, Arc::new(LocalKeyRing::ephemeral().unwrap()), 20).await;
    let certs = &site.certs;
    let status = certs.names_status();
    assert!(!status.is_ready && !status.is_connected && status.lag.is_none());
    let id = site.store(&alice(), &site.issue("a.example")).await;
    certs.bind(&alice(), id, &cdn("a.example"), BindOptions::default()).await.unwrap();
    certs.refresh_names().await.unwrap();
    let status = certs.names_status();
    assert!(status.is_ready && status.is_connected && status.last_error.is_none());
    assert_eq!(status.lag, Some(std::time::Duration::ZERO));

    certs.unbind(&alice(), &cdn("a.example")).await.unwrap();
    store.fail(true);
    site.clock.set(NOW + 60);
    assert!(certs.refresh_names().await.is_err());
    assert!(certs.names().resolve(CDN, "a.example", NOW).is_some(), "what it has it keeps");
    let status = certs.names_status();
    assert!(status.is_ready && !status.is_connected);
    assert_eq!(status.lag, Some(std::time::Duration::from_secs(60)));
    assert!(status.last_error.unwrap().contains("out of reach"));

    store.fail(false);
    certs.refresh_names().await.unwrap();
    assert!(certs.names().resolve(CDN, "a.example", NOW).is_none(), "and it catches up");
    assert!(certs.names_status().is_connected);
}

#[tokio::test]
async fn names_known_and_unknown_ask_the_store_for_nothing() {
    let store = Arc::new(Faulty::new(MemoryStore::new()));
    let site = Site::on(Arc::clone(&store) as _, Arc::new(LocalKeyRing::ephemeral().unwrap()), 20).await;
    let id = site.store(&alice(), &site.issue("*.example")).await;
    site.certs.bind(&alice(), id, &cdn("*.example"), BindOptions::default()).await.unwrap();
    let found = async |name: &str| {
        let found = site.certs.resolve(&Caller::edge(), CDN, &name.parse().unwrap()).await;
        (found.unwrap().is_some(), store.calls())
    };
    let (_, before) = found("a.example").await;
    assert!(found("a.example").await.1 > before, "before the view is ready, it asks");
    site.certs.refresh_names().await.unwrap();
    let calls = store.calls();
    for n in 0..1_000 {
        assert_eq!(found(&format!("n{n}.example")).await, (true, calls));
        assert_eq!(found(&format!("n{n}.unknown.example")).await, (false, calls));
    }
    assert_eq!(site.certs.names().len(), 1, "and an unknown name leaves nothing behind");
}

#[tokio::test]
async fn an_earlier_state_of_a_certificate_is_refused_and_reported() {
    let site = Site::new(20).await;
    let id = site.store(&alice(), &site.issue_until(&["a.example"], 30)).await;
    site.certs.bind(&alice(), id, &cdn("a.example"), BindOptions::default()).await.unwrap();
    let before = Arc::new(MemoryStore::new());
    let backup = site.store.export(None, cert_store::PageSize::MAX).await.unwrap();
    for entry in backup {
        before.import(entry, NOW).await.unwrap();
    }
    site.certs.replace(&alice(), id, upload(&site.issue_until(&["a.example"], 40)), None).await.unwrap();

    // One store behind the other's back: what an edge sees when a backup is put back.
    let switched = Arc::new(faulty::Switch::new(Arc::clone(&site.store)));
    let edge = Site::on(Arc::clone(&switched) as _, Arc::clone(&site.ring), 20).await;
    edge.certs.refresh_names().await.unwrap();
    switched.switch(Some(before));
    edge.certs.refresh_names().await.unwrap();
    let served = edge.certs.names().resolve(CDN, "a.example", NOW).unwrap().primary().unwrap();
    assert_eq!(served.generation, Generation(2));
    let status = edge.certs.names_status();
    assert_eq!((status.refused, status.last_refused, status.restarts), (1, Some(id), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_follower_misses_nothing_while_others_write() {
    let store = Arc::new(Faulty::new(MemoryStore::new()));
    let site = Site::on(Arc::clone(&store) as _, Arc::new(LocalKeyRing::ephemeral().unwrap()), 200).await;
    let following = tokio::spawn(site.certs.follow_names(tokio::time::sleep));
    let certs: Vec<_> = [alice(), bob()]
        .into_iter()
        .map(|caller| {
            let zone = format!("*.{}.example", caller.owner().unwrap());
            (caller, [30, 40, 50].map(|days| site.issue_until(&[&zone], days)), zone)
        })
        .collect();
    let mut writers = Vec::new();
    for (caller, issued, zone) in certs {
        let mut ids = Vec::new();
        for issued in &issued {
            ids.push(site.store(&caller, issued).await);
        }
        let service = site.certs.clone();
        writers.push(tokio::spawn(async move {
            for round in 0..400_usize {
                let domain = format!("n{}.{}", round * 7 % 23, &zone[2..]);
                if round % 5 == 4 {
                    service.unbind(&caller, &cdn(&domain)).await.unwrap();
                } else {
                    let id = ids[round % ids.len()];
                    service.bind(&caller, id, &cdn(&domain), BindOptions::default()).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    for writer in writers {
        // Between, the feed is cut and falls behind its floor.
        site.store.prune(NOW + 1).await.unwrap();
        writer.await.unwrap();
    }
    site.certs.refresh_names().await.unwrap();
    assert_same(&site).await;
    following.abort();
}

#[tokio::test]
async fn an_edge_may_list_follow_and_open_what_is_bound_and_nothing_else() {
    let site = Site::new(20).await;
    let (certs, edge) = (&site.certs, Caller::edge());
    let issued = site.issue("a.example");
    let (bound, free) =
        (site.store(&alice(), &issued).await, site.store(&alice(), &site.issue("b.example")).await);
    certs.bind(&alice(), bound, &cdn("a.example"), BindOptions::default()).await.unwrap();
    site.events.taken();

    let opened = certs.open_bound(&edge, bound).await.unwrap();
    assert_eq!(opened.key.secret_der(), issued.key_der());
    assert_eq!(opened.record.summary.id, bound);
    assert_eq!((certs.edge_keys_opened(), site.events.taken()), (1, vec![]), "counted, not audited");
    assert_eq!(certs.bound_all(&edge, None, cert_store::PageSize::MAX).await.unwrap().len(), 1);
    let head = certs.head(&edge).await.unwrap();
    assert!(certs.changes(&edge, head, cert_store::PageSize::MAX).await.unwrap().is_empty());
    for _ in 0..2 {
        let found = certs.resolve(&edge, CDN, &"a.example".parse().unwrap()).await.unwrap();
        assert_eq!(found.unwrap().primary().unwrap().id, bound, "with the view and before");
        certs.refresh_names().await.unwrap();
    }

    let issued = || upload(&issued);
    let refused: Vec<Result<(), ServiceError>> = vec![
        certs.open_bound(&edge, free).await.map(drop),
        certs.open_bound(&alice(), bound).await.map(drop),
        certs.get(&edge, bound).await.map(drop),
        certs.private_key(&edge, bound).await.map(drop),
        certs.delete(&edge, free).await,
        certs.upload(&edge, issued()).await.map(drop),
        certs.inspect(&edge, issued()).await.map(drop),
        certs.replace(&edge, bound, issued(), None).await.map(drop),
        certs.rollback(&edge, bound, None).await.map(drop),
        certs.page(&edge, None, cert_store::PageSize::MAX).await.map(drop),
        certs.usage(&edge).await.map(drop),
        certs.bind(&edge, free, &cdn("b.example"), BindOptions::default()).await.map(drop),
        certs.unbind(&edge, &cdn("a.example")).await.map(drop),
        certs.bindings(&edge, bound).await.map(drop),
        certs.bound_all(&alice(), None, cert_store::PageSize::MAX).await.map(drop),
        certs.changes(&alice(), head, cert_store::PageSize::MAX).await.map(drop),
        certs.resolve(&alice(), CDN, &"a.example".parse().unwrap()).await.map(drop),
    ];
    for (number, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Err(ServiceError::NotAllowed)), "{number}: {refused:?}");
    }
    let nobodys = certs.open_bound(&edge, CertId::MIN).await;
    assert_eq!(site::code(nobodys), Some(cert_core::ErrorCode::NotFound));
}
