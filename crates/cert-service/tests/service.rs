//! The service on the memory store: ownership, quota, order of verdicts, keys.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::sync::Arc;

use cert_core::{
    ErrorCode, Explain as _, Language, Rule,
    testing::{TestCa, TestLeaf},
};
use cert_service::{Action, Caller, CertService, LocalKeyRing, ServiceError, Upload};
use cert_store::{BindOptions, CertId, FindBy, MemoryStore, PageSize, Target};
use site::{DAY, NOW, Site, alice, bob, code, upload};

#[tokio::test]
async fn what_is_uploaded_comes_back_to_its_owner() {
    let site = Site::new(10).await;
    let issued = site.issue("www.example.com");
    let upload = upload(&issued).name("www").label("team", "web");
    let uploaded = site.certs.upload(&alice(), upload).await.unwrap();
    assert!(!uploaded.is_existing());

    let record = site.certs.get(&alice(), uploaded.id()).await.unwrap();
    let cert = &record.summary;
    assert_eq!((cert.name.as_str(), cert.common_name.as_str()), ("www", "www.example.com"));
    assert_eq!(cert.leaf.dns_names, ["www.example.com"]);
    assert_eq!(cert.created, NOW);
    assert_eq!(cert_service::chain_pem(&record.chain), issued.chain_pem());
    let key = site.certs.private_key(&alice(), uploaded.id()).await.unwrap();
    assert_eq!(key.secret_der(), issued.key_der());

    let id = Some(uploaded.id());
    assert_eq!(site.events.taken(), [(Action::Uploaded, id), (Action::KeyRead, id)]);
}

#[tokio::test]
async fn strangers_are_told_apart_from_nothing() {
    let site = Site::new(10).await;
    let id = site.certs.upload(&alice(), upload(&site.issue("a.example.com"))).await.unwrap().id();
    let nobodys: CertId = "5cd118063405971836000359".parse().unwrap();

    assert_eq!(code(site.certs.get(&bob(), id).await), Some(ErrorCode::NotPermitted));
    assert_eq!(code(site.certs.private_key(&bob(), id).await), Some(ErrorCode::NotPermitted));
    assert_eq!(code(site.certs.delete(&bob(), id).await), Some(ErrorCode::NotPermitted));
    assert_eq!(code(site.certs.get(&bob(), nobodys).await), Some(ErrorCode::NotFound));
    assert_eq!(code(site.certs.delete(&alice(), nobodys).await), Some(ErrorCode::NotFound));
    assert!(site.certs.page(&bob(), None, PageSize::MAX).await.unwrap().certs().is_empty());

    site.certs.get(&Caller::operator(), id).await.unwrap();
    let for_bob = Caller::operator().acting_for("bob").unwrap();
    assert_eq!(code(site.certs.get(&for_bob, id).await), Some(ErrorCode::NotPermitted));
    let nobody = site.certs.usage(&Caller::operator()).await;
    assert!(matches!(nobody, Err(ServiceError::OwnerRequired)));
}

#[tokio::test]
async fn the_quota_is_exact_and_a_repeat_is_none() {
    let site = Site::new(2).await;
    let issued: Vec<_> = (0..3).map(|n| site.issue(&format!("n{n}.example.com"))).collect();
    let first = site.certs.upload(&alice(), upload(&issued[0])).await.unwrap();
    site.certs.upload(&alice(), upload(&issued[1])).await.unwrap();
    assert_eq!(code(site.certs.upload(&alice(), upload(&issued[2])).await), Some(ErrorCode::QuotaExceeded));

    let again = site.certs.upload(&alice(), upload(&issued[0])).await.unwrap();
    assert_eq!((again.id(), again.is_existing(), again.keeps_other_labels()), (first.id(), true, false));
    let labelled = site.certs.upload(&alice(), upload(&issued[0]).label("k", "v")).await.unwrap();
    assert!(labelled.id() == first.id() && labelled.keeps_other_labels());
    let other_name = site.certs.upload(&alice(), upload(&issued[0]).name("again")).await;
    assert_eq!(code(other_name), Some(ErrorCode::QuotaExceeded), "another name is another certificate");
    site.certs.upload(&bob(), upload(&issued[2])).await.unwrap();

    site.certs.delete(&alice(), first.id()).await.unwrap();
    assert_eq!(site.certs.usage(&alice()).await.unwrap().live, 1);
    site.certs.upload(&alice(), upload(&issued[2])).await.unwrap();
}

#[tokio::test]
async fn expired_certificates_do_not_count() {
    let site = Site::new(1).await;
    let leaf = TestLeaf::new(&["a.example.com"]).valid(NOW - DAY, NOW + 30 * DAY);
    site.certs.upload(&alice(), upload(&site.authority.issue(&leaf))).await.unwrap();
    site.clock.set(NOW + 31 * DAY);
    assert_eq!(site.certs.usage(&alice()).await.unwrap().live, 0);
    site.certs.upload(&alice(), upload(&site.issue("b.example.com"))).await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_everything_that_is_wrong() {
    let site = Site::new(10).await;
    let expired = TestLeaf::new(&["a.example.com"]).valid(NOW - 90 * DAY, NOW - DAY);
    let issued = site.authority.issue(&expired);
    let leaf_only = Upload::pem(issued.leaf_pem(), issued.key_pem());
    let error = site.certs.upload(&alice(), leaf_only).await.unwrap_err();
    assert_eq!((error.code(), error.rule()), (Some(ErrorCode::Expired), "expired"));
    let rules: Vec<_> = error.findings().iter().map(cert_core::Finding::rule).collect();
    assert!(rules.contains(&Rule::Expired) && rules.contains(&Rule::IssuerMissing), "{rules:?}");
    assert_eq!(site.certs.usage(&alice()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_key_of_another_stored_certificate_is_named() {
    let site = Site::new(10).await;
    let (stored, other) = (site.issue("a.example"), site.issue("b.example"));
    let id = site.certs.upload(&alice(), upload(&stored)).await.unwrap().id();
    let mixed = || Upload::pem(other.chain_pem(), stored.key_pem());
    let refused = site.certs.upload(&alice(), mixed()).await.unwrap_err();
    assert_eq!(refused.rule(), Rule::KeyMismatch.as_str());
    assert!(refused.message(Language::En).contains(&id.to_string()), "{}", refused.message(Language::En));
    // Nobody learns of other owners' keys.
    let bob = Caller::tenant("bob").unwrap();
    let refused = site.certs.upload(&bob, mixed()).await.unwrap_err();
    assert!(!refused.message(Language::En).contains(&id.to_string()));
}

#[tokio::test]
async fn quota_comes_before_the_path_and_after_the_leaf() {
    let site = Site::new(0).await;
    let untrusted = TestCa::root("Stranger", NOW);
    let valid = untrusted.issue(&TestLeaf::new(&["a.example.com"]));
    assert_eq!(code(site.certs.upload(&alice(), upload(&valid)).await), Some(ErrorCode::QuotaExceeded));
    let expired = untrusted.issue(&TestLeaf::new(&["a.example.com"]).valid(NOW - 9 * DAY, NOW - DAY));
    assert_eq!(code(site.certs.upload(&alice(), upload(&expired)).await), Some(ErrorCode::Expired));
}

#[tokio::test]
async fn lists_read_in_upload_order_and_can_be_narrowed() {
    let site = Site::new(10).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let issued = site.issue(&format!("n{n}.example.com"));
        ids.push(site.certs.upload(&alice(), upload(&issued)).await.unwrap().id());
    }
    let (mut seen, mut marker) = (Vec::new(), None::<String>);
    loop {
        let page = site.certs.page(&alice(), marker.as_deref(), PageSize::new(2)).await.unwrap();
        if page.certs().is_empty() {
            assert_eq!(page.marker(), None);
            break;
        }
        seen.extend(page.certs().iter().map(|cert| cert.id));
        marker = page.marker().map(str::to_owned);
    }
    assert_eq!(seen, ids);

    let page = site.certs.page(&alice(), None, PageSize::new(1)).await.unwrap();
    let of_alice = site.certs.page(&bob(), page.marker(), PageSize::MAX).await;
    assert_eq!(code(of_alice), Some(ErrorCode::NotPermitted));
    let garbled = site.certs.page(&alice(), Some("garbled"), PageSize::MAX).await;
    assert!(matches!(garbled, Err(ServiceError::Marker(_))));

    let by = FindBy::Covering("n3.example.com".parse().unwrap());
    let found = site.certs.find(&alice(), &by, None, PageSize::MAX).await.unwrap();
    assert_eq!(found.certs().iter().map(|cert| cert.id).collect::<Vec<_>>(), [ids[3]]);
}

#[tokio::test]
async fn names_and_labels_have_limits() {
    let site = Site::new(10).await;
    let issued = site.issue("a.example.com");
    let long = site.certs.upload(&alice(), upload(&issued).name("x".repeat(256))).await;
    assert!(matches!(long, Err(ServiceError::InvalidName { .. })));
    let control = site.certs.upload(&alice(), upload(&issued).common_name("a\0b")).await;
    assert!(matches!(control, Err(ServiceError::InvalidName { .. })));
    let many = (0..17).fold(upload(&issued), |upload, n| upload.label(n.to_string(), "x"));
    assert!(matches!(site.certs.upload(&alice(), many).await, Err(ServiceError::Labels(_))));
}

#[tokio::test]
async fn inspecting_stores_nothing() {
    let site = Site::new(10).await;
    let issued = site.issue("a.example.com");
    assert!(site.certs.inspect(&alice(), upload(&issued)).await.unwrap().accepted());
    assert!(!site.certs.inspect(&alice(), Upload::pem("x", "y")).await.unwrap().accepted());
    assert_eq!(site.certs.usage(&alice()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_store_takes_one_ring_only() {
    let store = Arc::new(MemoryStore::new());
    let ring = Arc::new(LocalKeyRing::ephemeral().unwrap());
    CertService::builder_shared(store.clone(), ring.clone()).build().await.unwrap();
    CertService::builder_shared(store.clone(), ring).build().await.unwrap();
    let other = Arc::new(LocalKeyRing::ephemeral().unwrap());
    let refused = CertService::builder_shared(store, other).build().await;
    assert!(matches!(refused, Err(ServiceError::WrongRing { .. })));
}

/// An executor that is shutting down.
struct Closed;

#[async_trait::async_trait]
impl cert_service::Executor for Closed {
    async fn execute(&self, job: cert_service::Job) {
        drop(job);
    }
}

#[tokio::test]
async fn work_that_is_not_run_is_refused() {
    let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral().unwrap())
        .executor(Closed)
        .build()
        .await
        .unwrap();
    let refused = certs.upload(&alice(), Upload::pem("x", "y")).await;
    assert!(matches!(refused, Err(ServiceError::Interrupted)));
}

#[tokio::test]
async fn a_bound_certificate_stays() {
    let site = Site::new(10).await;
    let id = site.certs.upload(&alice(), upload(&site.issue("a.example"))).await.unwrap().id();
    let (target, options) = (Target::cdn("a.example".parse().unwrap()), BindOptions::default());
    let other = Target::cdn("b.example".parse().unwrap());
    let bob = Caller::tenant("bob").unwrap();

    let refused = site.certs.bind(&alice(), id, &other, options).await.unwrap_err();
    assert_eq!((refused.rule(), refused.code()), ("not_covered", None));
    let refused = site.certs.bind(&bob, id, &target, options).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::NotPermitted));

    assert_eq!(site.certs.bind(&alice(), id, &target, options).await.unwrap(), None);
    assert_eq!(site.certs.bindings(&alice(), id).await.unwrap().len(), 1);
    let refused = site.certs.delete(&alice(), id).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::BoundToCdn));
    assert!(refused.message(Language::En).contains("a.example"), "{}", refused.message(Language::En));
    let refused = site.certs.unbind(&bob, &target).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::NotPermitted));

    assert_eq!(site.certs.unbind(&alice(), &target).await.unwrap(), Some(id));
    site.certs.delete(&alice(), id).await.unwrap();
}
