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
//! | `b` | target | what is bound there |
//! | `c` | id | the certificate with its chain, and its previous version |
//! | `d` | id, target | the target |
//! | `e` | end, id | nothing |
//! | `f` | position | an event |
//! | `h` | id, generation | the previous version's chain |
//! | `k` | id, generation | sealed key |
//! | `o` | owner | account |
//! | `p` | owner, target | the target |
//! | `i` | owner, id | the certificate, without its chain |
//! | `r` | a retired key-encryption key | nothing |
//! | `w` | key-encryption key, id, generation | nothing |
//! | `x` | owner, end, id | nothing |
//! | `u` | owner, digest of the upload, id | nothing |
//! | `n`, `l`, `s`, `t` | owner, name / leaf / key / label, id | nothing |

use cert_core::{Fingerprint, Timestamp};

use super::rows::{FeedEntry, Held, Row};
use crate::{
    CertId, CertSummary, ClaimName, EntryKey, FindBy, Generation, KekId, OwnerId, SealedKey, ServedChain,
    Target, Totals, feed::FeedHead, quota::Account,
};

/// The version of keys and values.
pub(super) const FORMAT: u32 = 2;

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

impl Key<Totals> {
    pub(super) fn totals() -> Self {
        Self::new(start(b'm').text("totals").0)
    }
}

impl Key<FeedHead> {
    pub(super) fn feed() -> Self {
        Self::new(start(b'm').text("feed").0)
    }
}

impl Key<FeedEntry> {
    pub(super) fn event(position: u64) -> Self {
        Self::new(start(b'f').number(position).0)
    }
}

impl Key<()> {
    pub(super) fn retired(kek: &KekId) -> Self {
        Self::new(start(b'r').last(kek.as_str()).0)
    }
}

impl Key<Vec<u8>> {
    pub(super) fn claim(name: &ClaimName) -> Self {
        Self::new(start(b'a').last(name.as_str()).0)
    }
}

impl Key<Held> {
    pub(super) fn bound(target: &Target) -> Self {
        Self::new(start(b'b').target(target).0)
    }
}

impl Key<Target> {
    /// Where a binding is found by the certificate, and by its owner.
    pub(super) fn binding(owner: &OwnerId, id: CertId, target: &Target) -> [Self; 2] {
        let of_cert = Parts(Prefix::bindings_of(id).0).target(target);
        let of_owner = Parts(Prefix::bound_by(owner).0).target(target);
        [Self::new(of_cert.0), Self::new(of_owner.0)]
    }
}

impl Key<Row> {
    pub(super) fn cert(id: CertId) -> Self {
        Self::new(cert_key(id).to_vec())
    }
}

/// As [`Key::cert`], without an allocation: a certificate is read more often than anything else.
pub(super) fn cert_key(id: CertId) -> [u8; 13] {
    let mut key = [b'c'; 13];
    key[1..].copy_from_slice(&id.0);
    key
}

impl Key<CertSummary> {
    /// Where a certificate stands in its owner's list.
    pub(super) fn listed(owner: &OwnerId, id: CertId) -> Self {
        Self::new(Parts(Prefix::certs_of(owner).0).id(id).0)
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

/// The keys of a certificate, beside its owner's list, that lists and counts go through.
pub(super) fn index_keys(row: &Row) -> Vec<Key<()>> {
    let cert = &row.summary;
    let (owner, id, leaf) = (&cert.owner, cert.id, &cert.leaf);
    let mut keys = vec![
        Prefix::upload(owner, &row.upload).with(id),
        Key::new(start(b'e').time(leaf.not_after).id(id).0),
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

/// The keys of all certificates that end before an instant, behind that of `after`.
pub(super) fn ends_before(before: Timestamp, after: Option<(Timestamp, CertId)>) -> (Vec<u8>, Vec<u8>) {
    let from = after.map_or_else(|| start(b'e').0, |(end, id)| behind(start(b'e').time(end).id(id).0));
    (from, start(b'e').time(before).0)
}

/// The keys of the events behind a position, up to another.
pub(super) fn events(after: u64, until: u64) -> (Vec<u8>, Vec<u8>) {
    (behind(start(b'f').number(after).0), behind(start(b'f').number(until).0))
}

/// The keys of all certificates, claims and retired keys behind one of them, in this order.
pub(super) fn entries_after(after: Option<&EntryKey>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let from = after.map(|key| match key {
        EntryKey::Cert(id) => Key::cert(*id).bytes,
        EntryKey::Claim(name) => Key::claim(name).bytes,
        EntryKey::Retired(kek) => Key::retired(kek).bytes,
    });
    let tags = b"car";
    let done = from.as_ref().and_then(|key| tags.iter().position(|tag| key.first() == Some(tag)));
    let mut ranges: Vec<_> =
        tags[done.unwrap_or_default()..].iter().map(|&tag| Prefix(start(tag).0).all()).collect();
    if let (Some(first), Some(from)) = (ranges.first_mut(), from) {
        first.0 = behind(from);
    }
    ranges
}

/// The id and the generation at the end of a key.
pub(super) fn generation_in(key: &[u8]) -> Option<(CertId, Generation)> {
    let (rest, generation) = key.split_last_chunk()?;
    Some((id_in(rest)?, Generation(u64::from_be_bytes(*generation))))
}

/// The id at the end of a key.
pub(super) fn id_in(key: &[u8]) -> Option<CertId> {
    key.last_chunk().copied().map(CertId)
}

/// The smallest key behind this one.
fn behind(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn ends_of(owner: &OwnerId) -> Parts {
    start(b'x').text(owner.as_str())
}

/// What the keys of a list start with; their last part is the id of a certificate, or a target.
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

    /// Certificates that an upload is the same as.
    pub(super) fn upload(owner: &OwnerId, digest: &Fingerprint) -> Self {
        Self(start(b'u').text(owner.as_str()).fingerprint(digest).0)
    }

    pub(super) fn bindings_of(id: CertId) -> Self {
        Self(start(b'd').id(id).0)
    }

    pub(super) fn bound_by(owner: &OwnerId) -> Self {
        Self(start(b'p').text(owner.as_str()).0)
    }

    pub(super) fn sealed_under(kek: &KekId) -> Self {
        Self(start(b'w').text(kek.as_str()).0)
    }

    /// All targets.
    pub(super) fn bound() -> Self {
        Self(start(b'b').0)
    }

    /// The keys of the list: from the first, up to and without the second.
    pub(super) fn all(&self) -> (Vec<u8>, Vec<u8>) {
        (self.0.clone(), self.end())
    }

    /// Whether a key is in the list.
    pub(super) fn has(&self, key: &[u8]) -> bool {
        key.starts_with(&self.0)
    }

    /// Those behind a certificate.
    pub(super) fn after_id(&self, after: Option<CertId>) -> (Vec<u8>, Vec<u8>) {
        let from = after.map_or_else(|| self.0.clone(), |id| behind(self.with(id).bytes));
        (from, self.end())
    }

    /// Those behind a target.
    pub(super) fn after_target(&self, after: Option<&Target>) -> (Vec<u8>, Vec<u8>) {
        let from =
            after.map_or_else(|| self.0.clone(), |target| behind(Parts(self.0.clone()).target(target).0));
        (from, self.end())
    }

    /// Those behind a generation of a certificate.
    pub(super) fn after_generation(&self, after: Option<(CertId, Generation)>) -> (Vec<u8>, Vec<u8>) {
        let from = after.map_or_else(
            || self.0.clone(),
            |(id, generation)| behind(self.with_generation(id, generation).bytes),
        );
        (from, self.end())
    }

    /// The first key that does not start with this. Tags are ASCII, so there is one.
    fn end(&self) -> Vec<u8> {
        let mut end = self.0.clone();
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                break;
            }
        }
        end
    }

    /// The key of a certificate in this list.
    pub(super) fn with(&self, id: CertId) -> Key<()> {
        Key::new(Parts(self.0.clone()).id(id).0)
    }

    /// The key of a generation in this list.
    pub(super) fn with_generation(&self, id: CertId, generation: Generation) -> Key<()> {
        Key::new(Parts(self.0.clone()).id(id).number(generation.0).0)
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

    /// A text that ends a key, so that it needs no length and keys sort as their texts do.
    fn last(mut self, text: &str) -> Self {
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

    /// In the order of targets: the byte behind the domain is below every character of one.
    fn target(mut self, target: &Target) -> Self {
        self.0.push(target.kind as u8);
        self.0.extend(target.domain.as_str().as_bytes());
        self.0.extend([0, target.slot as u8]);
        self
    }

    fn fingerprint(mut self, fingerprint: &Fingerprint) -> Self {
        self.0.extend(fingerprint.as_bytes());
        self
    }
}

#[cfg(test)]
mod tests {
    use cert_core::Timestamp;

    use super::{Key, Prefix, ends_between, ends_of};
    use crate::{CertId, OwnerId, Target};

    #[test]
    fn ends_sort_as_times_do() {
        let owner = OwnerId::new("a").unwrap();
        let key = |seconds| ends_of(&owner).time(Timestamp::from_unix(seconds)).0;
        assert!([i64::MIN, -1, 0, 1, i64::MAX].map(key).is_sorted());
        let (from, to) = ends_between(&owner, Timestamp::from_unix(5), Timestamp::from_unix(9));
        assert!(key(5) < from && from <= key(6) && key(9) < to && to <= key(10));
    }

    #[test]
    fn targets_sort_as_their_keys_do() {
        let mut targets = Vec::new();
        for name in ["a.example", "a.example-b.com", "*.a.example", "a.examplf", "b"] {
            let domain: cert_core::DnsName = name.parse().unwrap();
            targets.extend([Target::cdn(domain.clone()), Target::storage(domain.clone())]);
            targets.push(Target::cdn(domain).alternate());
        }
        targets.sort();
        assert!(targets.iter().map(|target| Key::bound(target).bytes).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_prefix_ends_behind_its_last_key() {
        for id in [[0; 12], [0xff; 12]] {
            let (from, to) = Prefix::bindings_of(CertId(id)).all();
            let domain = "example.com".parse().unwrap();
            let [key, _] = Key::binding(&OwnerId::new("a").unwrap(), CertId(id), &Target::cdn(domain));
            assert!(from < key.bytes && key.bytes < to);
        }
    }
}
