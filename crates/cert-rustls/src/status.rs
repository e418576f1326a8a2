//! What an edge shows in its metrics.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use cert_service::{ViewStatus, with_causes};

use crate::{LoadError, cache::KeyCache};

/// What an [`Edge`](crate::Edge) serves, how fresh that is, and what has failed. Counts are since it was built.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EdgeStatus {
    /// The names: whether they are complete, whether the store answers, how old they are, and what was refused since a
    /// later generation had been seen.
    pub names: ViewStatus,
    /// Opened certificates in the cache.
    pub cached: usize,
    /// What they take in memory, by estimate.
    pub cached_bytes: usize,
    /// What they may take.
    pub cache_capacity: usize,
    /// Certificates that were at hand when a client asked.
    pub hits: u64,
    /// Loads that were begun. Clients that waited for the same one count once.
    pub loads: u64,
    /// Loads that failed.
    pub load_failures: u64,
    /// Why the last one failed.
    pub last_failure: Option<String>,
    /// Clients that asked for a name that is not bound, or for none, where there is no default.
    pub unknown_names: u64,
    /// Clients that got the version before the one that is bound, since that could not be had.
    pub served_earlier: u64,
    /// Clients that were refused by the resolver that may not wait, since their certificate was not loaded.
    pub not_loaded: u64,
}

#[derive(Default)]
pub(crate) struct Counts {
    hits: AtomicU64,
    loads: AtomicU64,
    load_failures: AtomicU64,
    unknown_names: AtomicU64,
    served_earlier: AtomicU64,
    not_loaded: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

impl Counts {
    pub(crate) fn hit(&self) {
        count(&self.hits);
    }

    pub(crate) fn load(&self) {
        count(&self.loads);
    }

    pub(crate) fn unknown(&self) {
        count(&self.unknown_names);
    }

    pub(crate) fn earlier(&self) {
        count(&self.served_earlier);
    }

    pub(crate) fn not_loaded(&self) {
        count(&self.not_loaded);
    }

    /// Takes note of a failure, and gives it back.
    pub(crate) fn failed(&self, error: LoadError) -> LoadError {
        count(&self.load_failures);
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(with_causes(&error));
        error
    }

    pub(crate) fn status(&self, names: ViewStatus, cache: &KeyCache) -> EdgeStatus {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (cached, cached_bytes) = cache.size();
        EdgeStatus {
            names,
            cached,
            cached_bytes,
            cache_capacity: cache.capacity(),
            hits: read(&self.hits),
            loads: read(&self.loads),
            load_failures: read(&self.load_failures),
            last_failure: self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            unknown_names: read(&self.unknown_names),
            served_earlier: read(&self.served_earlier),
            not_loaded: read(&self.not_loaded),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
