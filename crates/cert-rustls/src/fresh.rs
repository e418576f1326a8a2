//! Keeping what is opened in step with the view.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cert_store::CertId;
use futures_util::{StreamExt as _, stream};

use crate::{Edge, edge::Parts, load::HOLD_OFF};

/// Certificates that somebody asked for who could not wait.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<HashSet<CertId>>);

impl Wanted {
    /// Has a certificate loaded. If too many are waiting, it is left to the client after this one to ask again.
    pub(crate) fn add(&self, id: CertId) {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.len() < MAX_WANTED {
            wanted.insert(id);
        }
    }

    fn take(&self) -> HashSet<CertId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Loads what is wanted and what has a later version, and drops what is gone, for ever.
pub(crate) async fn tend<Sleep, Slept>(edge: &Edge, sleep: Sleep) -> Infallible
where
    Sleep: Fn(Duration) -> Slept,
    Slept: Future<Output = ()>,
{
    let parts = &edge.parts;
    // Nobody may have tended it for a while.
    let mut in_step = None;
    loop {
        sleep(TICK).await;
        let revision = Some(parts.certs.names().revision());
        let mut ids = parts.wanted.take();
        if revision != in_step {
            ids.extend(out_of_step(parts));
        }
        let loads = ids.into_iter().map(|id| async move { parts.open(id).await.is_ok() });
        let all =
            stream::iter(loads).buffer_unordered(AT_ONCE).all(|is_loaded| async move { is_loaded }).await;
        if all {
            in_step = revision;
        } else {
            // What has failed a moment ago fails again without a question to the store.
            sleep(HOLD_OFF).await;
        }
    }
}

/// What is opened in an earlier version than was seen. What is gone is dropped: its key has no business here.
fn out_of_step(parts: &Parts) -> Vec<CertId> {
    let mut earlier = Vec::new();
    for (id, generation) in parts.cache.versions() {
        match parts.certs.names().generation(id) {
            Some(seen) if seen > generation => earlier.push(id),
            Some(_) => {}
            None => parts.cache.remove(id),
        }
    }
    earlier
}

/// How soon after the view what is opened follows.
const TICK: Duration = Duration::from_millis(50);
const AT_ONCE: usize = 8;
const MAX_WANTED: usize = 4096;
