//! Renewal under the same id, rollback, and takeover by upload.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use cert_core::{ErrorCode, Explain as _, KeyType, testing::TestLeaf};
use cert_service::{Action, ServiceError};
use cert_store::{BindOptions, Generation, StoreError};
use site::{DAY, NOW, Site, alice, bob, cdn, code, upload};

const OPTIONS: BindOptions = BindOptions { force_https: true, http2: false };

#[tokio::test]
async fn a_replaced_certificate_keeps_its_id_and_domains() {
    let site = Site::new(10).await;
    let (old, new) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 60));
    let id = site.certs.upload(&alice(), upload(&old).name("www").label("k", "v")).await.unwrap().id();
    site.certs.bind(&alice(), id, &cdn("a.example"), OPTIONS).await.unwrap();
    site.events.taken();

    let replaced = site.certs.replace(&alice(), id, upload(&new), None).await.unwrap();
    assert_eq!(replaced.generation(), Generation(2));
    let record = site.certs.get(&alice(), id).await.unwrap().summary;
    assert_eq!((record.generation, record.name.as_str()), (Generation(2), "www"));
    assert_eq!(record.labels.get("k"), Some("v"));
    assert_eq!(record.leaf.not_after, NOW + 60 * DAY);
    assert_eq!(site.certs.private_key(&alice(), id).await.unwrap().secret_der(), new.key_der());
    assert_eq!(site.certs.bindings(&alice(), id).await.unwrap()[0].generation, Generation(2));

    let again = site.certs.replace(&alice(), id, upload(&new), Some(Generation(1))).await.unwrap();
    assert_eq!(again.generation(), Generation(2), "the same content again changes nothing");
    let stale = site.certs.replace(&alice(), id, upload(&old), Some(Generation(1))).await.unwrap_err();
    assert_eq!(stale.rule(), "stale_generation");
    assert_eq!(site.events.taken(), [(Action::Replaced, Some(id)), (Action::KeyRead, Some(id))]);
}

#[tokio::test]
async fn a_replacement_may_not_uncover_a_domain() {
    let site = Site::new(10).await;
    let id = site.store(&alice(), &site.issue_until(&["a.example", "b.example", "c.example"], 30)).await;
    for domain in ["a.example", "b.example"] {
        site.certs.bind(&alice(), id, &cdn(domain), OPTIONS).await.unwrap();
    }
    let without = site.issue_until(&["a.example", "c.example"], 60);
    match site.certs.replace(&alice(), id, upload(&without), None).await {
        Err(ServiceError::Store(StoreError::WouldUncover { domains, .. })) => {
            assert_eq!(domains, ["b.example".parse().unwrap()]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.certs.get(&alice(), id).await.unwrap().summary.generation, Generation::FIRST);
}

#[tokio::test]
async fn a_replacement_is_judged_and_owned() {
    let site = Site::new(10).await;
    let (issued, other) = (site.issue("a.example"), site.issue("b.example"));
    let id = site.store(&alice(), &issued).await;
    assert_eq!(
        code(site.certs.replace(&bob(), id, upload(&other), None).await),
        Some(ErrorCode::NotPermitted)
    );
    assert_eq!(code(site.certs.rollback(&bob(), id, None).await), Some(ErrorCode::NotPermitted));
    let expired = site.issue_until(&["a.example"], -1);
    let expired =
        site.authority.reissue(&TestLeaf::new(&["a.example"]).valid(NOW - 9 * DAY, NOW - DAY), &expired);
    assert_eq!(
        code(site.certs.replace(&alice(), id, upload(&expired), None).await),
        Some(ErrorCode::Expired)
    );
    let renamed = site.certs.replace(&alice(), id, upload(&other).name("other"), None).await;
    assert!(matches!(renamed, Err(ServiceError::NotChangeable { field: "name" })));
}

#[tokio::test]
async fn labels_are_replaced_where_some_are_sent() {
    let site = Site::new(10).await;
    let (old, new) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 60));
    let id = site.certs.upload(&alice(), upload(&old).label("team", "web")).await.unwrap().id();
    let team = async || {
        let record = site.certs.get(&alice(), id).await.unwrap();
        (record.summary.generation, record.summary.labels.get("team").map(str::to_owned))
    };
    let replace = async |upload, expected| {
        site.certs.replace(&alice(), id, upload, expected).await.map(|replaced| replaced.generation())
    };
    assert_eq!(replace(upload(&new), None).await.unwrap(), Generation(2));
    assert_eq!(team().await, (Generation(2), Some("web".to_owned())), "nothing was said of them");
    site.events.taken();
    assert_eq!(replace(upload(&new).label("team", "mail"), None).await.unwrap(), Generation(2));
    assert_eq!(team().await, (Generation(2), Some("mail".to_owned())));
    assert_eq!(site.events.taken(), [(Action::Replaced, Some(id))]);
    let stale = replace(upload(&new).no_labels(), Some(Generation(1))).await.unwrap_err();
    assert_eq!(stale.rule(), "stale_generation");
    site.certs.rollback(&alice(), id, None).await.unwrap();
    assert_eq!(team().await, (Generation(3), Some("mail".to_owned())), "they are not a version's");
    replace(upload(&new).no_labels(), None).await.unwrap();
    assert_eq!(team().await, (Generation(4), None));
}

#[tokio::test]
async fn a_rollback_brings_the_previous_version_back_under_a_new_generation() {
    let site = Site::new(10).await;
    let (old, new) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 60));
    let id = site.store(&alice(), &old).await;
    let none = site.certs.rollback(&alice(), id, None).await.unwrap_err();
    assert_eq!(none.rule(), "no_previous");

    site.certs.replace(&alice(), id, upload(&new), None).await.unwrap();
    let stale = site.certs.rollback(&alice(), id, Some(Generation(1))).await.unwrap_err();
    assert_eq!(stale.rule(), "stale_generation");
    assert_eq!(site.certs.rollback(&alice(), id, Some(Generation(2))).await.unwrap(), Generation(3));
    let key = site.certs.private_key(&alice(), id).await.unwrap();
    assert_eq!(key.secret_der(), old.key_der(), "its key opens under the new generation");
    assert_eq!(site.certs.rollback(&alice(), id, None).await.unwrap(), Generation(4), "and forth");
    let key = site.certs.private_key(&alice(), id).await.unwrap();
    assert_eq!(key.secret_der(), new.key_der());
}

#[tokio::test]
async fn a_takeover_gets_what_it_covers_and_outlives() {
    let site = Site::new(10).await;
    let names = &["a.example", "b.example"];
    let short = site.store(&alice(), &site.issue_until(names, 30)).await;
    let long = site.store(&alice(), &site.issue_until(&["b.example"], 90)).await;
    let of_bob = site.store(&bob(), &site.issue_until(&["c.example"], 20)).await;
    site.certs.bind(&alice(), short, &cdn("a.example"), OPTIONS).await.unwrap();
    site.certs.bind(&alice(), long, &cdn("b.example"), OPTIONS).await.unwrap();
    site.certs.bind(&bob(), of_bob, &cdn("c.example"), OPTIONS).await.unwrap();

    let names = &["a.example", "b.example", "c.example"];
    let new = site.issue_until(names, 60);
    let plain = site.certs.upload(&alice(), upload(&new)).await.unwrap();
    assert!(plain.taken_over().is_empty(), "only where it is asked for");
    let uploaded = site.certs.upload(&alice(), upload(&new).takeover()).await.unwrap();
    assert!(uploaded.is_existing() && uploaded.id() == plain.id());
    let taken: Vec<_> = uploaded.taken_over().iter().map(|taken| (&taken.target, taken.from)).collect();
    assert_eq!(taken, [(&cdn("a.example"), short)]);

    let bound = site.certs.bindings(&alice(), uploaded.id()).await.unwrap();
    assert_eq!((bound.len(), bound[0].options), (1, OPTIONS), "options survive");
    let superseded_by = site.certs.get(&alice(), short).await.unwrap().summary.superseded_by;
    assert_eq!(superseded_by, Some(uploaded.id()));
    assert_eq!(site.certs.bindings(&bob(), of_bob).await.unwrap().len(), 1);
    site.certs.delete(&alice(), short).await.unwrap();
}

#[tokio::test]
async fn a_wildcard_takes_over_what_is_below_it() {
    let site = Site::new(10).await;
    let old = site.store(&alice(), &site.issue_until(&["*.example.com", "example.com"], 30)).await;
    for domain in ["a.example.com", "*.example.com", "example.com"] {
        site.certs.bind(&alice(), old, &cdn(domain), OPTIONS).await.unwrap();
    }
    let new = site.issue_until(&["*.example.com"], 60);
    let uploaded = site.certs.upload(&alice(), upload(&new).takeover()).await.unwrap();
    let mut domains: Vec<_> =
        uploaded.taken_over().iter().map(|taken| taken.target.domain.to_string()).collect();
    domains.sort();
    assert_eq!(domains, ["*.example.com", "a.example.com"]);
    assert_eq!(site.certs.bindings(&alice(), old).await.unwrap().len(), 1);
}

#[tokio::test]
async fn each_slot_is_renewed_by_its_own_type_of_key() {
    let site = Site::new(10).await;
    let leaf = |days: i64| TestLeaf::new(&["a.example"]).valid(NOW - DAY, NOW + days * DAY);
    let rsa = site.authority.issue(&leaf(30).key_type(KeyType::Rsa { bits: 2048 }));
    let (rsa, ec) =
        (site.store(&alice(), &rsa).await, site.store(&alice(), &site.authority.issue(&leaf(30))).await);
    let alternate = cdn("a.example").alternate();
    site.certs.bind(&alice(), rsa, &cdn("a.example"), OPTIONS).await.unwrap();
    site.certs.bind(&alice(), ec, &alternate, OPTIONS).await.unwrap();

    let new_ec =
        site.certs.upload(&alice(), upload(&site.authority.issue(&leaf(60))).takeover()).await.unwrap();
    let taken: Vec<_> = new_ec.taken_over().iter().map(|taken| (taken.target.clone(), taken.from)).collect();
    assert_eq!(taken, [(alternate.clone(), ec)]);

    site.certs.unbind(&alice(), &alternate).await.unwrap();
    let newer =
        site.certs.upload(&alice(), upload(&site.authority.issue(&leaf(70))).takeover()).await.unwrap();
    let taken: Vec<_> = newer.taken_over().iter().map(|taken| taken.from).collect();
    assert_eq!(taken, [rsa], "with one slot alone, the new one renews it whatever its type");
}

#[tokio::test]
async fn of_two_slots_of_another_type_the_primary_is_renewed() {
    for names in [&["a.example"], &["*.example"]] {
        let site = Site::new(10).await;
        let leaf = |days: i64| TestLeaf::new(names).valid(NOW - DAY, NOW + days * DAY);
        let rsa = site.authority.issue(&leaf(30).key_type(KeyType::Rsa { bits: 2048 }));
        let rsa = site.store(&alice(), &rsa).await;
        for target in [cdn("a.example").alternate(), cdn("a.example")] {
            site.certs.bind(&alice(), rsa, &target, OPTIONS).await.unwrap();
        }
        let new = upload(&site.authority.issue(&leaf(60))).takeover();
        let uploaded = site.certs.upload(&alice(), new).await.unwrap();
        let taken: Vec<_> = uploaded.taken_over().iter().map(|taken| &taken.target).collect();
        assert_eq!(taken, [&cdn("a.example")]);
    }
}
