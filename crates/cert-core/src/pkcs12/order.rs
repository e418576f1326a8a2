//! A PKCS #12 file is a bag without an order, so its certificates are put in that of serving.

use crate::Certificate;

/// A certificate of a file.
pub(super) struct Entry {
    pub(super) der: Vec<u8>,
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// The certificates: the key's own, each issuer behind what it issued, then the rest.
pub(super) fn in_serving_order(mut entries: Vec<Entry>, local_key_id: Option<&[u8]>) -> Vec<Vec<u8>> {
    let is_leaf = |entry: &Entry| local_key_id.is_some() && entry.local_key_id.as_deref() == local_key_id;
    let leaf = entries.iter().position(is_leaf).unwrap_or(0);
    let mut chain = Vec::new();
    let mut next = Some(leaf).filter(|_| !entries.is_empty());
    while let Some(index) = next {
        let entry = entries.remove(index);
        next = issuer_of(&entry, &entries);
        chain.push(entry.der);
    }
    chain.extend(entries.into_iter().map(|entry| entry.der));
    chain
}

/// What does not decode has no issuer here; what reads the chain will say why.
fn issuer_of(entry: &Entry, others: &[Entry]) -> Option<usize> {
    let issuer = decode(entry)?;
    let issued_by =
        |other: &Entry| decode(other).is_some_and(|other| other.subject_der() == issuer.issuer_der());
    others.iter().position(issued_by)
}

fn decode(entry: &Entry) -> Option<Certificate> {
    Certificate::decode(entry.der.clone(), 1, None).ok()
}
