//! Signatures that verified before.

use core::{fmt, num::NonZeroUsize};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use lru::LruCache;

/// Remembers which signatures verified, so that an intermediate which thousands of uploads share is checked once.
///
/// It replaces the arithmetic of a signature check and nothing else: dates, constraints, budgets and rules are looked
/// at each time. Its key is a digest of everything that the arithmetic depends on. Only successes enter, and never
/// the signature of an upload's own leaf, which nobody shares. The least recently used go first.
///
/// ```
/// use cert_core::{SignatureCache, TrustAnchors, ValidationPolicy};
/// use std::sync::Arc;
///
/// let cache = Arc::new(SignatureCache::new(10_000));
/// let policy = ValidationPolicy::new(TrustAnchors::webpki()).signature_cache(Arc::clone(&cache));
/// # let _ = policy;
/// assert!(cache.is_empty());
/// ```
pub struct SignatureCache {
    verified: Mutex<LruCache<[u8; 32], ()>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl SignatureCache {
    /// Signatures that are remembered by default.
    pub const DEFAULT_CAPACITY: usize = 4096;

    /// A cache of at most `capacity` signatures, at least one. An entry takes about 100 bytes.
    pub fn new(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self {
            verified: Mutex::new(LruCache::new(capacity)),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// How many signatures are remembered.
    pub fn len(&self) -> usize {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many signatures were found remembered so far.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// How many had to be verified so far.
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Whether it is remembered; it then counts as used.
    pub(crate) fn knows(&self, key: &[u8; 32]) -> bool {
        let known = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some();
        if known { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
        known
    }

    pub(crate) fn remember(&self, key: [u8; 32]) {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).put(key, ());
    }
}

impl Default for SignatureCache {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for SignatureCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureCache").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        Chain, SignatureCache, Timestamp, ValidationPolicy,
        testing::{TestCa, TestLeaf},
    };

    #[test]
    fn intermediates_enter_and_leaves_do_not() {
        let now = Timestamp::from_unix(1_795_000_000);
        let root = TestCa::root("Root", now);
        let ca = root.intermediate("CA");
        let cache = Arc::new(SignatureCache::new(8));
        let policy = ValidationPolicy::new(Arc::new(root.trust())).signature_cache(Arc::clone(&cache));
        for name in ["a.example", "b.example"] {
            let issued = ca.issue(&TestLeaf::new(&[name]));
            Chain::decode(issued.chain_pem().as_bytes()).unwrap().validate(&policy, now).unwrap();
            assert_eq!(cache.len(), 1);
        }
        let expired = now + 10 * 365 * 86_400;
        let leaf = TestLeaf::new(&["a.example"]).valid(now, expired + 86_400 * 365);
        let issued = ca.issue(&leaf);
        let error =
            Chain::decode(issued.chain_pem().as_bytes()).unwrap().validate(&policy, expired).unwrap_err();
        assert_eq!(
            error.rule().as_str(),
            "intermediate_expired",
            "a known signature is not a valid certificate"
        );
    }

    #[test]
    fn a_changed_certificate_is_not_known() {
        let now = Timestamp::from_unix(1_795_000_000);
        let root = TestCa::root("Root", now);
        let issued = root.intermediate("CA").issue(&TestLeaf::new(&["a.example"]));
        let policy = ValidationPolicy::new(Arc::new(root.trust()));
        let chain = issued.certificates().concat();
        assert!(Chain::decode(&chain).unwrap().validate(&policy, now).is_ok());
        let mut changed = chain;
        *changed.last_mut().unwrap() ^= 1;
        let verdict = Chain::decode(&changed).and_then(|chain| chain.validate(&policy, now));
        assert!(verdict.is_err());
    }
}
