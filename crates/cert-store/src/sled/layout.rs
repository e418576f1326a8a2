//! Keys and values on disk.
//!
//! A key is a tag and parts. A text is its length as two bytes, big-endian, and its bytes, so that no key is the
//! prefix of another by accident; ids and times are big-endian, so that keys sort as they do. Values are postcard,
//! which writes the same bytes for the same value whatever the platform; the version in `FORMAT` covers both.
//!
//! | tag | key | value |
//! |---|---|---|
//! | `m` | name of a fact about the store | |
//! | `a` | name of a claim | its value |
//! | `c` | id | [`CertSummary`](crate::CertSummary) |
//! | `h` | id, generation | served chain |
//! | `k` | id, generation | sealed key |
//! | `o` | owner | account |
//! | `i` | owner, id | nothing |
//! | `x` | owner, end, id | nothing |
//! | `u` | owner, digest of the upload | id |
//! | `n`, `l`, `s`, `t` | owner, name / leaf / key / label, id | nothing |

use cert_core::{Fingerprint, Timestamp};

use crate::{
    CertId, CertSummary, ClaimName, FindBy, Generation, OwnerId, SealedKey, ServedChain, quota::Account,
};

/// The version of keys and values.
pub(super) const FORMAT: u32 = 1;

/// A key whose value is a `T`.
pub(super) struct Key<T> {
    bytes: Vec<u8>,
    value: core::marker::PhantomData<T>,
}

impl<T> Key<T> {
    const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, value: core::marker::PhantomData }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Key<u32> {
    pub(super) fn format() -> Self {
        Self::new(start(b'm').text("format").0)
    }
}

impl Key<Vec<u8>> {
    pub(super) fn claim(name: &ClaimName) -> Self {
        Self::new(start(b'a').text(name.as_str()).0)
    }
}

impl Key<CertSummary> {
    pub(super) fn cert(id: CertId) -> Self {
        Self::new(start(b'c').id(id).0)
    }
}

impl Key<ServedChain> {
    pub(super) fn chain(id: CertId, generation: Generation) -> Self {
        Self::new(start(b'h').id(id).number(generation.0).0)
    }
}

impl Key<SealedKey> {
    pub(super) fn sealed_key(id: CertId, generation: Generation) -> Self {
        Self::new(start(b'k').id(id).number(generation.0).0)
    }
}

impl Key<Account> {
    pub(super) fn account(owner: &OwnerId) -> Self {
        Self::new(start(b'o').text(owner.as_str()).0)
    }
}

impl Key<CertId> {
    pub(super) fn upload(owner: &OwnerId, digest: &Fingerprint) -> Self {
        Self::new(start(b'u').text(owner.as_str()).fingerprint(digest).0)
    }
}

/// The keys of a certificate that lists and counts go through.
pub(super) fn index_keys(cert: &CertSummary) -> Vec<Key<()>> {
    let (owner, id, leaf) = (&cert.owner, cert.id, &cert.leaf);
    let mut keys = vec![
        Prefix::certs_of(owner).with(id),
        Key::new(ends_of(owner).time(leaf.not_after).id(id).0),
        Prefix::leaf(owner, &leaf.fingerprint).with(id),
        Prefix::spki(owner, &leaf.spki_fingerprint).with(id),
    ];
    keys.extend(leaf.cover_names.iter().map(|name| Prefix::name(owner, name.as_str()).with(id)));
    keys.extend(cert.labels.iter().map(|(key, value)| Prefix::label(owner, key, value).with(id)));
    keys
}

/// The keys of an owner's certificates that end after the first instant, up to the second: from the first key,
/// up to and without the second.
pub(super) fn ends_between(owner: &OwnerId, after: Timestamp, until: Timestamp) -> (Vec<u8>, Vec<u8>) {
    (ends_of(owner).time(after + 1).0, ends_of(owner).time(until + 1).0)
}

fn ends_of(owner: &OwnerId) -> Parts {
    start(b'x').text(owner.as_str())
}

/// What the keys of a list start with; their last part is the id of a certificate.
pub(super) struct Prefix(Vec<u8>);

impl Prefix {
    pub(super) fn certs_of(owner: &OwnerId) -> Self {
        Self(start(b'i').text(owner.as_str()).0)
    }

    /// The lists that together have what `by` describes.
    pub(super) fn found_by(owner: &OwnerId, by: &FindBy) -> Vec<Self> {
        match by {
            FindBy::Covering(domain) => {
                let wildcard = domain.covering_wildcard();
                let names = [Some(domain.clone()), wildcard].into_iter().flatten();
                names.map(|name| Self::name(owner, name.as_str())).collect()
            }
            FindBy::Label { key, value } => vec![Self::label(owner, key, value)],
            FindBy::Leaf(fingerprint) => vec![Self::leaf(owner, fingerprint)],
            FindBy::Name(name) => vec![Self::name(owner, name.as_str())],
            FindBy::Spki(fingerprint) => vec![Self::spki(owner, fingerprint)],
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key of a certificate in this list.
    pub(super) fn with(&self, id: CertId) -> Key<()> {
        Key::new(Parts(self.0.clone()).id(id).0)
    }

    fn name(owner: &OwnerId, name: &str) -> Self {
        Self(start(b'n').text(owner.as_str()).text(name).0)
    }

    fn leaf(owner: &OwnerId, fingerprint: &Fingerprint) -> Self {
        Self(start(b'l').text(owner.as_str()).fingerprint(fingerprint).0)
    }

    fn spki(owner: &OwnerId, fingerprint: &Fingerprint) -> Self {
        Self(start(b's').text(owner.as_str()).fingerprint(fingerprint).0)
    }

    fn label(owner: &OwnerId, key: &str, value: &str) -> Self {
        Self(start(b't').text(owner.as_str()).text(key).text(value).0)
    }
}

/// The parts of a key, one after the other.
struct Parts(Vec<u8>);

fn start(tag: u8) -> Parts {
    Parts(vec![tag])
}

impl Parts {
    /// Every text that comes here is capped far below 64 KiB.
    fn text(mut self, text: &str) -> Self {
        self.0.extend((text.len() as u16).to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn id(mut self, id: CertId) -> Self {
        self.0.extend(id.0);
        self
    }

    fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// With the sign bit turned, so that times before 1970 come first.
    fn time(self, time: Timestamp) -> Self {
        self.number(time.as_unix().cast_unsigned() ^ (1 << 63))
    }

    fn fingerprint(mut self, fingerprint: &Fingerprint) -> Self {
        self.0.extend(fingerprint.as_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use cert_core::Timestamp;

    use super::{ends_between, ends_of};
    use crate::OwnerId;

    #[test]
    fn ends_sort_as_times_do() {
        let owner = OwnerId::new("a").unwrap();
        let key = |seconds| ends_of(&owner).time(Timestamp::from_unix(seconds)).0;
        assert!([i64::MIN, -1, 0, 1, i64::MAX].map(key).is_sorted());
        let (from, to) = ends_between(&owner, Timestamp::from_unix(5), Timestamp::from_unix(9));
        assert!(key(5) < from && from <= key(6) && key(9) < to && to <= key(10));
    }
}
