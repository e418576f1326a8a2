//! Certificates as they are handed in, kept and given back.

use std::sync::Arc;

use cert_core::{DnsName, Fingerprint, KeyType, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    CertId, Generation, Labels, OwnerId, PreviousVersion, SealedKey,
    octets::{OctetString, Octets},
};

/// What is known of a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafFacts {
    /// The DNS names of the subject alternative name: their text, in their order.
    pub dns_names: Vec<String>,
    /// The valid ones among them: finding, binding and cover use only these.
    pub cover_names: Vec<DnsName>,
    /// First instant of its validity.
    pub not_before: Timestamp,
    /// Last instant of its validity.
    pub not_after: Timestamp,
    /// Type of its key.
    #[serde(with = "key_type_number")]
    pub key_type: KeyType,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// SHA-256 of its `SubjectPublicKeyInfo`.
    pub spki_fingerprint: Fingerprint,
    /// The serial number's content octets.
    pub serial: Vec<u8>,
    /// The DER of the issuer's name.
    pub issuer: Vec<u8>,
}

impl LeafFacts {
    /// Whether a certificate with this leaf may serve `domain`.
    pub fn covers(&self, domain: &DnsName) -> bool {
        self.cover_names.iter().any(|name| name.covers(domain))
    }
}

/// Key types as numbers of our own: the order of the enum's variants may change, what is stored may not.
pub(crate) mod key_type_number {
    use cert_core::KeyType;
    use serde::{Deserialize as _, Deserializer, Serializer, de, ser};

    /// The number of a key type; none for one that has none yet.
    pub(crate) const fn number_of(key_type: KeyType) -> Option<u32> {
        match key_type {
            KeyType::EcP256 => Some(1),
            KeyType::EcP384 => Some(2),
            KeyType::EcP521 => Some(3),
            KeyType::Ed25519 => Some(4),
            KeyType::Rsa { bits } => Some(RSA | bits as u32),
            _ => None,
        }
    }

    /// The key type of a number.
    pub(crate) const fn key_type_of(number: u32) -> Option<KeyType> {
        match number {
            1 => Some(KeyType::EcP256),
            2 => Some(KeyType::EcP384),
            3 => Some(KeyType::EcP521),
            4 => Some(KeyType::Ed25519),
            number if number >> 16 == RSA >> 16 => Some(KeyType::Rsa { bits: (number & 0xffff) as u16 }),
            _ => None,
        }
    }

    pub(super) fn serialize<S: Serializer>(key_type: &KeyType, serializer: S) -> Result<S::Ok, S::Error> {
        let number = number_of(*key_type).ok_or_else(|| ser::Error::custom("a key type without a number"))?;
        serializer.serialize_u32(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<KeyType, D::Error> {
        let number = u32::deserialize(deserializer)?;
        key_type_of(number).ok_or_else(|| de::Error::custom("a number without a key type"))
    }

    const RSA: u32 = 0x1_0000;
}

/// The chain that will be served: DER certificates, leaf first. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServedChain(Arc<[Box<[u8]>]>);

impl ServedChain {
    /// The certificates.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|certificate| &**certificate)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> FromIterator<&'a [u8]> for ServedChain {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(certificates: I) -> Self {
        Self(certificates.into_iter().map(Box::from).collect())
    }
}

impl Serialize for ServedChain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|certificate| Octets(certificate)))
    }
}

impl<'de> Deserialize<'de> for ServedChain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let certificates = Vec::<OctetString>::deserialize(deserializer)?;
        Ok(Self(certificates.into_iter().map(|certificate| certificate.0.into_boxed_slice()).collect()))
    }
}

/// A certificate to be stored.
#[derive(Clone, Debug)]
pub struct NewCert {
    /// The id, made by the caller.
    pub id: CertId,
    /// Whose it is; never changes.
    pub owner: OwnerId,
    /// What the owner calls it.
    pub name: String,
    /// The common name to show.
    pub common_name: String,
    /// The owner's labels.
    pub labels: Labels,
    /// What is known of the leaf.
    pub leaf: LeafFacts,
    /// The served chain.
    pub chain: ServedChain,
    /// The sealed private key, for [`Generation::FIRST`].
    pub sealed_key: SealedKey,
}

impl NewCert {
    /// What makes two uploads of one owner the same: name, common name and served chain.
    ///
    /// A backend keeps it, to give a repeated upload the id that it has.
    pub fn upload_digest(&self) -> Fingerprint {
        upload_digest(&self.name, &self.common_name, &self.chain)
    }
}

/// Over each part with its length before it, so that no two parts run together.
pub(crate) fn upload_digest(name: &str, common_name: &str, chain: &ServedChain) -> Fingerprint {
    let parts = [name.as_bytes(), common_name.as_bytes()];
    let mut bytes = Vec::new();
    for part in parts.into_iter().chain(chain.iter()) {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    Fingerprint::of(&bytes)
}

/// A stored certificate without its chain and key, as lists give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertSummary {
    /// The id.
    pub id: CertId,
    /// Whose it is.
    pub owner: OwnerId,
    /// What the owner calls it.
    pub name: String,
    /// The common name to show.
    pub common_name: String,
    /// The owner's labels.
    pub labels: Labels,
    /// When it was first stored.
    pub created: Timestamp,
    /// Which version stands.
    pub generation: Generation,
    /// The certificate that took over its domains, if one did.
    pub superseded_by: Option<CertId>,
    /// What is known of the leaf.
    pub leaf: LeafFacts,
}

/// A stored certificate with its chain. The key is apart, so that nothing reads keys by accident.
/// Cheap to clone, so that a backend can keep one at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertRecord {
    /// What lists give of it.
    pub summary: Arc<CertSummary>,
    /// The served chain.
    pub chain: ServedChain,
    /// The version that a rollback brings back, if one is kept.
    pub previous: Option<Arc<PreviousVersion>>,
}

impl CertSummary {
    /// The summary of a new certificate that is stored at `now`.
    pub fn of_new(cert: &NewCert, now: Timestamp) -> Self {
        Self {
            id: cert.id,
            owner: cert.owner.clone(),
            name: cert.name.clone(),
            common_name: cert.common_name.clone(),
            labels: cert.labels.clone(),
            created: now,
            generation: Generation::FIRST,
            superseded_by: None,
            leaf: cert.leaf.clone(),
        }
    }

    /// What makes an upload the same as this one; see [`NewCert::upload_digest`].
    pub(crate) fn upload_digest(&self, chain: &ServedChain) -> Fingerprint {
        upload_digest(&self.name, &self.common_name, chain)
    }

    /// Puts another version in the place of the one that stands, which is returned.
    pub(crate) fn advance(&mut self, common_name: String, leaf: LeafFacts) -> PreviousVersion {
        let generation = self.generation;
        self.generation = generation.next();
        PreviousVersion {
            generation,
            common_name: core::mem::replace(&mut self.common_name, common_name),
            leaf: core::mem::replace(&mut self.leaf, leaf),
        }
    }
}

/// What [`insert`](crate::CertStore::insert) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The id of the certificate.
    pub id: CertId,
    /// The version that stands under it.
    pub generation: Generation,
    /// Whether the same upload was there already, and nothing was stored.
    pub existing: bool,
}

#[cfg(test)]
mod tests {
    use cert_core::KeyType;
    use serde::{Deserialize, Serialize};

    use super::{ServedChain, upload_digest};

    #[derive(Serialize, Deserialize)]
    struct Stored(#[serde(with = "super::key_type_number")] KeyType);

    #[test]
    fn key_types_keep_their_numbers() {
        let numbers = [
            (KeyType::EcP256, 1),
            (KeyType::EcP384, 2),
            (KeyType::EcP521, 3),
            (KeyType::Ed25519, 4),
            (KeyType::Rsa { bits: 4096 }, 0x1_1000_u32),
        ];
        for (key_type, number) in numbers {
            let bytes = postcard::to_stdvec(&Stored(key_type)).unwrap();
            assert_eq!(postcard::from_bytes::<u32>(&bytes), Ok(number));
            assert_eq!(postcard::from_bytes::<Stored>(&bytes).unwrap().0, key_type);
        }
        assert!(postcard::from_bytes::<Stored>(&postcard::to_stdvec(&0x2_0000_u32).unwrap()).is_err());
    }

    #[test]
    fn parts_of_an_upload_do_not_run_together() {
        let chain = |parts: &[&'static [u8]]| parts.iter().copied().collect::<ServedChain>();
        let digests = [
            upload_digest("ab", "c", &chain(&[b"d"])),
            upload_digest("a", "bc", &chain(&[b"d"])),
            upload_digest("ab", "", &chain(&[b"c", b"d"])),
            upload_digest("ab", "c", &chain(&[b"d", b""])),
        ];
        let distinct: std::collections::BTreeSet<_> = digests.into_iter().collect();
        assert_eq!(distinct.len(), digests.len());
    }
}
