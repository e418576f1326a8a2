//! What ends soon, and the numbers of the whole store.

use super::{Fixture, Sample, now, owner};
use crate::{BindOptions, Generation, PageSize, Target, Totals};

pub async fn soonest_first_of_all_owners(fixture: impl Fixture) {
    let store = fixture.open().await;
    let ends = [("alice", 1, 50), ("bob", 1, 10), ("alice", 2, -5), ("bob", 2, 50), ("alice", 3, 99)];
    for (name, number, end) in ends {
        Sample::new(&owner(name), number).ending(now() + end).insert(&*store).await;
    }
    let bound = Sample::new(&owner("bob"), 1);
    let target = Target::cdn("n1.example.com".parse().unwrap());
    store
        .bind(bound.id(), &bound.owner, Generation(1), &target, BindOptions::default(), now())
        .await
        .unwrap();
    for size in [1, 2, 100] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.expiring(now() + 99, after, PageSize::new(size)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.cert.leaf.not_after, last.cert.id));
            seen.extend(page);
        }
        let times: Vec<i64> = seen.iter().map(|item| item.cert.leaf.not_after.seconds_since(now())).collect();
        assert_eq!(times, [-5, 10, 50, 50], "by pages of {size}");
        assert!(seen[2].cert.id < seen[3].cert.id);
        assert_eq!(seen.iter().map(|item| item.is_bound).collect::<Vec<_>>(), [false, true, false, false]);
    }
    let replaced = Sample::new(&owner("alice"), 2).ending(now() - 5);
    replaced.replace_by(&Sample::new(&owner("alice"), 9), 1, &*store).await;
    store.delete_if_unbound(Sample::new(&owner("bob"), 2).id(), &owner("bob"), now()).await.unwrap();
    let left = store.expiring(now() + 99, None, PageSize::MAX).await.unwrap();
    assert_eq!(left.len(), 2, "a renewed one and a deleted one do not expire");
}

pub async fn totals_follow(fixture: impl Fixture) {
    let store = fixture.open().await;
    assert_eq!(store.totals().await.unwrap(), Totals::default());
    let samples = [1, 2, 3].map(|number| Sample::new(&owner("alice"), number));
    for sample in &samples {
        sample.insert(&*store).await;
        sample.insert(&*store).await;
    }
    store.delete_if_unbound(samples[0].id(), &owner("alice"), now()).await.unwrap();
    assert_eq!(store.totals().await.unwrap(), Totals { certificates: 2, bindings: 0 });
}
