//! Names of requests.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// What a request is called in its answer and in the logs. No two are alike, and none says how many there were.
///
/// It is a count under two keyed hashes: an id need not be a secret, and random octets from the cryptographic library
/// cost as much as the signature check of a request.
pub(crate) struct RequestId([u8; LEN]);

const LEN: usize = 16;

impl RequestId {
    pub(crate) fn next() -> Self {
        static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
        static COUNT: AtomicU64 = AtomicU64::new(0);

        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let [first, second] = KEYS.each_ref().map(|key| key.hash_one(count).to_le_bytes());
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&first);
        bytes[8..].copy_from_slice(&second[..4]);
        let mut text = [b'-'; LEN];
        // Twelve octets have sixteen digits.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        // It has base64 digits only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As a header's value.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::RequestId;

    #[test]
    fn ids_differ_and_are_base64() {
        let ids: HashSet<String> = (0..10_000).map(|_| RequestId::next().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 10_000);
        let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(ids.iter().all(|id| id.len() == 16 && id.chars().all(is_digit)));
    }
}
