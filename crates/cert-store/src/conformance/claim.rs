//! Claims.

use std::sync::Arc;

use super::{Fixture, now};
use crate::ClaimName;

pub async fn compare_and_set(fixture: impl Fixture) {
    let store = fixture.open().await;
    let name = ClaimName::new("ring-canary").unwrap();
    assert_eq!(store.claimed(&name).await.unwrap(), None);
    assert_eq!(store.claim(&name, Some(b"x"), b"a", now()).await.unwrap(), b"", "nothing stands");
    assert_eq!(store.claimed(&name).await.unwrap(), None);
    assert_eq!(store.claim(&name, None, b"a", now()).await.unwrap(), b"a");
    assert_eq!(store.claim(&name, None, b"b", now()).await.unwrap(), b"a");
    assert_eq!(store.claim(&name, Some(b"b"), b"c", now()).await.unwrap(), b"a");
    assert_eq!(store.claim(&name, Some(b"a"), b"b", now()).await.unwrap(), b"b");
    assert_eq!(store.claimed(&name).await.unwrap().as_deref(), Some(&b"b"[..]));
    let other = ClaimName::new("other").unwrap();
    assert_eq!(store.claim(&other, None, b"z", now()).await.unwrap(), b"z");
    if fixture.is_durable() {
        drop(store);
        let store = fixture.open().await;
        assert_eq!(store.claimed(&name).await.unwrap().as_deref(), Some(&b"b"[..]));
        assert_eq!(store.claim(&name, None, b"d", now()).await.unwrap(), b"b");
    }
}

pub async fn the_first_of_many_wins(fixture: impl Fixture) {
    let store = fixture.open().await;
    let calls: Vec<_> = (0_u8..16)
        .map(|value| {
            let store = Arc::clone(&store);
            let name = ClaimName::new("first").unwrap();
            tokio::spawn(async move { store.claim(&name, None, &[value], now()).await.unwrap() })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
