//! One certificate takes a domain over from another.

use super::{Fixture, Sample, now, owner};
use crate::{BindOptions, CertStore, Generation, StoreError, Target};

const DAY: i64 = 86_400;

fn target() -> Target {
    Target::cdn("www.example.com".parse().unwrap())
}

fn sample(number: u64, days: i64) -> Sample {
    Sample::new(&owner("alice"), number).names(&["www.example.com"]).ending(now() + days * DAY)
}

async fn take_over(
    store: &dyn CertStore,
    from: &Sample,
    to: &Sample,
    generation: u64,
) -> Result<(), StoreError> {
    let owner = owner("alice");
    store.take_over(&target(), from.id(), to.id(), Generation(generation), &owner, now()).await
}

async fn insert_and_bind(store: &dyn CertStore, sample: &Sample) {
    sample.insert(store).await;
    let options = BindOptions { force_https: true, http2: true };
    store.bind(sample.id(), &sample.owner, Generation(1), &target(), options, now()).await.unwrap();
}

pub async fn from_one_to_the_next(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (old, new) = (sample(1, 10), sample(2, 90));
    insert_and_bind(&*store, &old).await;
    new.insert(&*store).await;
    take_over(&*store, &old, &new, 1).await.unwrap();
    let binding = store.bound(&target()).await.unwrap().unwrap();
    assert_eq!((binding.id, binding.options), (new.id(), BindOptions { force_https: true, http2: true }));
    assert_eq!(store.get(old.id()).await.unwrap().summary.superseded_by, Some(new.id()));
    assert_eq!(store.get(new.id()).await.unwrap().summary.superseded_by, None);
    store.delete_if_unbound(old.id(), &old.owner, now()).await.unwrap();
}

pub async fn a_repeated_one_is_nothing(fixture: impl Fixture) {
    let store = fixture.open().await;
    let (old, new) = (sample(1, 10), sample(2, 90));
    insert_and_bind(&*store, &old).await;
    new.insert(&*store).await;
    for _ in 0..2 {
        take_over(&*store, &old, &new, 1).await.unwrap();
    }
    assert_eq!(store.bindings(new.id()).await.unwrap().len(), 1);
}

pub async fn each_precondition_is_checked(fixture: impl Fixture) {
    let store = fixture.open().await;
    let old = sample(1, 10);
    insert_and_bind(&*store, &old).await;
    let (new, same_end, uncovering) = (sample(2, 90), sample(3, 10), sample(4, 90).names(&["example.com"]));
    for other in [&new, &same_end, &uncovering] {
        other.insert(&*store).await;
    }
    let not_found = take_over(&*store, &old, &sample(9, 90), 1).await;
    assert!(matches!(not_found, Err(StoreError::NotFound { .. })), "{not_found:?}");
    let bobs = Sample::new(&owner("bob"), 1).names(&["www.example.com"]);
    bobs.insert(&*store).await;
    let not_found = take_over(&*store, &old, &bobs, 1).await;
    assert!(matches!(not_found, Err(StoreError::NotFound { .. })), "{not_found:?}");
    let stale = take_over(&*store, &old, &new, 2).await;
    assert!(matches!(stale, Err(StoreError::Stale { generation: Some(Generation(1)), .. })), "{stale:?}");
    let uncovered = take_over(&*store, &old, &uncovering, 1).await;
    assert!(matches!(uncovered, Err(StoreError::NotCovered { .. })), "{uncovered:?}");
    let too_early = take_over(&*store, &old, &same_end, 1).await;
    assert!(matches!(too_early, Err(StoreError::Expired { id, .. }) if id == same_end.id()), "{too_early:?}");
    let elsewhere = take_over(&*store, &same_end, &new, 1).await;
    assert!(
        matches!(elsewhere, Err(StoreError::Stale { id, generation: None }) if id == same_end.id()),
        "{elsewhere:?}"
    );
    assert_eq!(store.bound(&target()).await.unwrap().unwrap().id, old.id());
    assert_eq!(store.get(old.id()).await.unwrap().summary.superseded_by, None);
}
