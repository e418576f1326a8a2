//! Opened certificates, within a bound in bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cert_core::KeyType;
use cert_store::{CertId, Generation};
use lru::LruCache;
use rustls::sign::CertifiedKey;

/// A certificate that can be served. Its weight is what it takes, by the lengths that are known and what was measured of
/// the rest.
#[derive(Clone, Debug)]
pub(crate) struct Hot {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) generation: Generation,
    weight: usize,
}

impl Hot {
    /// `own_bytes` is the length of the chain but for what it shares with others.
    pub(crate) fn new(
        key: Arc<CertifiedKey>,
        key_type: KeyType,
        generation: Generation,
        own_bytes: usize,
    ) -> Self {
        let weight = own_bytes + key.cert.len() * PER_CERTIFICATE + PER_ENTRY + key_weight(key_type);
        Self { key, generation, weight }
    }
}

/// One version of each certificate: the latest that was opened.
pub(crate) struct KeyCache {
    entries: Mutex<Entries>,
    capacity: usize,
}

struct Entries {
    by_use: LruCache<CertId, Hot>,
    bytes: usize,
}

impl KeyCache {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::new(Entries { by_use: LruCache::unbounded(), bytes: 0 }), capacity }
    }

    pub(crate) fn get(&self, id: CertId) -> Option<Hot> {
        self.entries().by_use.get(&id).cloned()
    }

    /// The version that is kept, without a use of it.
    pub(crate) fn generation(&self, id: CertId) -> Option<Generation> {
        self.entries().by_use.peek(&id).map(|hot| hot.generation)
    }

    /// Keeps a certificate, unless a later version of it is there, and lets go of those that were not asked for the
    /// longest.
    pub(crate) fn put(&self, id: CertId, hot: Hot) {
        let mut entries = self.entries();
        if entries.by_use.peek(&id).is_some_and(|kept| kept.generation > hot.generation) {
            return;
        }
        entries.bytes += hot.weight;
        if let Some(before) = entries.by_use.put(id, hot) {
            entries.bytes -= before.weight;
        }
        while entries.bytes > self.capacity
            && let Some((_, oldest)) = entries.by_use.pop_lru()
        {
            entries.bytes -= oldest.weight;
        }
    }

    pub(crate) fn remove(&self, id: CertId) {
        let mut entries = self.entries();
        if let Some(removed) = entries.by_use.pop(&id) {
            entries.bytes -= removed.weight;
        }
    }

    /// What is kept, in no order, and without a use of it.
    pub(crate) fn versions(&self) -> Vec<(CertId, Generation)> {
        self.entries().by_use.iter().map(|(&id, hot)| (id, hot.generation)).collect()
    }

    /// How many are kept, and by how many bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let entries = self.entries();
        (entries.by_use.len(), entries.bytes)
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key as the library keeps it, which has signed: for RSA the numbers, their forms for fast arithmetic, and what
/// blinds them. As long as it has not signed, an RSA key takes half of this.
const fn key_weight(key_type: KeyType) -> usize {
    match key_type {
        KeyType::Rsa { bits } => 1_000 + 5 * bits as usize / 2,
        _ => 700,
    }
}

/// The vector's place and the allocator's share.
const PER_CERTIFICATE: usize = 48;
/// The node and its place in the table, and the [`CertifiedKey`] itself.
const PER_ENTRY: usize = 300;
