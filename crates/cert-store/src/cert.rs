//! Certificates as they are handed in, kept and given back.

use std::sync::Arc;

use cert_core::{DnsName, Fingerprint, KeyType, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CertId, Generation, Labels, OwnerId, SealedKey};

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

/// The chain that will be served: DER certificates, leaf first. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
        let parts = [self.name.as_bytes(), self.common_name.as_bytes()];
        let mut bytes = Vec::new();
        for part in parts.into_iter().chain(self.chain.iter()) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        Fingerprint::of(&bytes)
    }
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertRecord {
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
    /// The served chain.
    pub chain: ServedChain,
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

    /// The whole record.
    pub fn with_chain(self, chain: ServedChain) -> CertRecord {
        let Self { id, owner, name, common_name, labels, created, generation, superseded_by, leaf } = self;
        CertRecord { id, owner, name, common_name, labels, created, generation, superseded_by, leaf, chain }
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
