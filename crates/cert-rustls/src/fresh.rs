//! Keeping what is opened in step with the view.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use cert_store::CertId;
use futures_util::{StreamExt as _, stream};

use crate::{Edge, edge::Parts};

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
    let mut look = Look::default();
    loop {
        sleep(TICK).await;
        let mut ids = parts.wanted.take();
        let revision = parts.certs.names().revision();
        let is_due = look.is_due(revision);
        if is_due {
            ids.extend(out_of_step(parts));
        }
        let loads = ids.into_iter().map(|id| async move { parts.open(id).await.is_ok() });
        let loads = stream::iter(loads).buffer_unordered(AT_ONCE);
        let all = loads.fold(true, |all, is_loaded| async move { all && is_loaded }).await;
        if is_due {
            look.done(revision, all);
        }
    }
}

/// When to look through what is opened: at each revision of the view, and again for what could not be loaded.
#[derive(Default)]
struct Look {
    /// Nobody may have looked for a while before the first time.
    revision: Option<u64>,
    again: Option<(Instant, Duration)>,
}

impl Look {
    fn is_due(&self, revision: u64) -> bool {
        self.revision != Some(revision) || self.again.is_some_and(|(at, _)| at <= Instant::now())
    }

    fn done(&mut self, revision: u64, all: bool) {
        self.revision = Some(revision);
        let pause = self.again.map_or(FIRST_PAUSE, |(_, pause)| (2 * pause).min(LONGEST_PAUSE));
        self.again = (!all).then(|| (Instant::now() + pause, pause));
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
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const AT_ONCE: usize = 8;
const MAX_WANTED: usize = 4096;
