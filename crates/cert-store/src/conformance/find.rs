//! Finding.

use cert_core::Fingerprint;

use super::{Fixture, Sample, owner};
use crate::{CertStore, FindBy, OwnerId, PageSize};

async fn found(store: &dyn CertStore, owner: &OwnerId, by: FindBy) -> Vec<u64> {
    let certs = store.find(owner, &by, None, PageSize::MAX).await.unwrap();
    certs.iter().map(|cert| cert.id.created_millis() - 1_795_000_000_000).collect()
}

fn name(text: &str) -> FindBy {
    FindBy::Name(text.parse().unwrap())
}

fn covering(text: &str) -> FindBy {
    FindBy::Covering(text.parse().unwrap())
}

pub async fn by_each_key(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    let samples = [
        Sample::new(&alice, 1).names(&["www.example.com", "*.example.com"]).label("team", "web"),
        Sample::new(&alice, 2).names(&["*.example.com"]).label("team", "mail"),
        Sample::new(&alice, 3).names(&["www.example.com"]).label("team", "web"),
    ];
    for sample in &samples {
        sample.insert(&*store).await;
    }
    let label = |key: &str, value: &str| FindBy::Label { key: key.into(), value: value.into() };
    for (by, expected) in [
        (name("www.example.com"), vec![1, 3]),
        (name("*.example.com"), vec![1, 2]),
        (name("mail.example.com"), vec![]),
        (covering("www.example.com"), vec![1, 2, 3]),
        (covering("mail.example.com"), vec![1, 2]),
        (covering("*.example.com"), vec![1, 2]),
        (covering("a.b.example.com"), vec![]),
        (covering("example.com"), vec![]),
        (label("team", "web"), vec![1, 3]),
        (label("team", "we"), vec![]),
        (label("tea", "mweb"), vec![]),
        (FindBy::Leaf(Fingerprint::of(&samples[1].leaf_der())), vec![2]),
        (FindBy::Spki(samples[2].spki_fingerprint()), vec![3]),
        (FindBy::Leaf(samples[2].spki_fingerprint()), vec![]),
    ] {
        assert_eq!(found(&*store, &alice, by.clone()).await, expected, "{by:?}");
    }
}

pub async fn only_the_owner_s(fixture: impl Fixture) {
    let store = fixture.open().await;
    Sample::new(&owner("alice"), 1).names(&["www.example.com"]).insert(&*store).await;
    // An owner whose name starts like another's, and one that could be taken for a part of a key.
    for other in ["bob", "alic", "alice2", "\u{fffd}"] {
        assert!(found(&*store, &owner(other), covering("www.example.com")).await.is_empty(), "{other}");
    }
}

pub async fn pages_of_what_is_found(fixture: impl Fixture) {
    let store = fixture.open().await;
    let alice = owner("alice");
    for number in 0..25 {
        let names: &[&str] =
            if number % 2 == 0 { &["a.example.com"] } else { &["*.example.com", "a.example.com"] };
        Sample::new(&alice, number).names(names).insert(&*store).await;
    }
    let by = covering("a.example.com");
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.find(&alice, &by, after, PageSize::new(4)).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|cert| cert.id));
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a < b), "each once, in order");
}
