//! Deleting.

use super::{Fixture, Sample, now, owner};
use crate::{FindBy, Generation, PageSize, Quota, StoreError};

pub async fn a_deleted_certificate_is_gone_everywhere(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let sample = Sample::new(&alice, 1).label("k", "v");
    let id = sample.insert(&*store).await;
    store.delete_if_unbound(id, &alice, now()).await.unwrap();
    assert!(matches!(store.get(id).await, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.sealed_key(id, Generation::FIRST).await, Err(StoreError::NotFound { .. })));
    assert!(store.page(&alice, None, PageSize::MAX).await.unwrap().is_empty());
    let label = FindBy::Label { key: "k".into(), value: "v".into() };
    for by in
        [label, FindBy::Spki(sample.spki_fingerprint()), FindBy::Name("n1.example.com".parse().unwrap())]
    {
        assert!(store.find(&alice, &by, None, PageSize::MAX).await.unwrap().is_empty(), "{by:?}");
    }
    let again = store.insert(sample.new_cert(), Quota::UNLIMITED, now()).await.unwrap();
    assert!(!again.existing, "a deleted upload is stored anew");
}

pub async fn another_owner_s_is_not_found(fixture: impl Fixture) {
    let store = fixture.open().await;
    let id = Sample::new(&owner("alice"), 1).insert(&*store).await;
    let refused = store.delete_if_unbound(id, &owner("bob"), now()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { id: named } if named == id));
    assert_eq!(store.get(id).await.unwrap().summary.id, id);
}

pub async fn what_is_not_there_is_not_found(fixture: impl Fixture) {
    let store = fixture.open().await;
    let sample = Sample::new(&owner("alice"), 1);
    let refused = store.delete_if_unbound(sample.id(), &sample.owner, now()).await.unwrap_err();
    assert_eq!(refused.code(), Some(cert_core::ErrorCode::NotFound));
    sample.insert(&*store).await;
    store.delete_if_unbound(sample.id(), &sample.owner, now()).await.unwrap();
    let repeated = store.delete_if_unbound(sample.id(), &sample.owner, now()).await;
    assert!(matches!(repeated, Err(StoreError::NotFound { .. })));
}
