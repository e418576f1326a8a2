//! Certificates that are only looks: a store does not judge them.

use cert_core::{Fingerprint, KeyType, Timestamp};

use crate::{
    CertId, Generation, Labels, LeafFacts, NewCert, NewVersion, OwnerId, Quota, SealedKey, ServedChain,
};

/// The instant of the tests.
pub fn now() -> Timestamp {
    Timestamp::from_unix(1_795_000_000)
}

/// An owner.
pub fn owner(name: &str) -> OwnerId {
    OwnerId::new(name).unwrap()
}

/// A certificate of an owner, told apart by a number.
#[derive(Clone, Debug)]
pub struct Sample {
    pub owner: OwnerId,
    pub number: u64,
    pub names: Vec<String>,
    pub not_after: Timestamp,
    pub labels: Vec<(String, String)>,
}

impl Sample {
    pub fn new(owner: &OwnerId, number: u64) -> Self {
        Self {
            owner: owner.clone(),
            number,
            names: vec![format!("n{number}.example.com")],
            not_after: now() + 90 * 86_400,
            labels: Vec::new(),
        }
    }

    #[must_use]
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    #[must_use]
    pub fn ending(mut self, not_after: Timestamp) -> Self {
        self.not_after = not_after;
        self
    }

    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Its id: those of higher numbers are larger.
    pub fn id(&self) -> CertId {
        CertId::from_parts(1_795_000_000_000 + self.number, self.owner.shard(), 1)
    }

    pub fn leaf_der(&self) -> Vec<u8> {
        format!("leaf {} of {}", self.number, self.owner).into_bytes()
    }

    pub fn spki_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(format!("key {} of {}", self.number, self.owner).as_bytes())
    }

    pub fn sealed_key(&self) -> SealedKey {
        let text = format!("sealed {} of {}", self.number, self.owner);
        SealedKey::from_bytes([&b"\x01\x01\x00\x05kek-1"[..], text.as_bytes()].concat()).unwrap()
    }

    pub fn new_cert(&self) -> NewCert {
        let leaf = self.leaf_der();
        NewCert {
            id: self.id(),
            owner: self.owner.clone(),
            name: format!("certificate {}", self.number),
            common_name: self.names.first().cloned().unwrap_or_default(),
            labels: Labels::new(self.labels.clone()).unwrap(),
            leaf: LeafFacts {
                dns_names: self.names.clone(),
                cover_names: self.names.iter().map(|name| name.parse().unwrap()).collect(),
                not_before: now() - 86_400,
                not_after: self.not_after,
                key_type: KeyType::Rsa { bits: 2048 },
                fingerprint: Fingerprint::of(&leaf),
                spki_fingerprint: self.spki_fingerprint(),
                serial: self.number.to_be_bytes().to_vec(),
                issuer: b"\x30\x00".to_vec(),
            },
            chain: [leaf.as_slice(), b"intermediate"].into_iter().collect::<ServedChain>(),
            sealed_key: self.sealed_key(),
        }
    }

    /// Its content as a version for another certificate.
    pub fn new_version(&self) -> NewVersion {
        let NewCert { common_name, leaf, chain, sealed_key, .. } = self.new_cert();
        NewVersion { common_name, labels: None, leaf, chain, sealed_key }
    }

    /// Puts the content of another sample under this one's id.
    pub async fn replace_by(
        &self,
        other: &Self,
        generation: u64,
        store: &dyn crate::CertStore,
    ) -> Generation {
        let version = other.new_version();
        store.replace(self.id(), Generation(generation), version, Quota::UNLIMITED, now()).await.unwrap()
    }

    /// Inserts it without limits.
    pub async fn insert(&self, store: &dyn crate::CertStore) -> CertId {
        store.insert(self.new_cert(), Quota::UNLIMITED, now()).await.unwrap().id
    }
}
