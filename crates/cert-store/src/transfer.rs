//! Everything that a store has, entry by entry: what carries it to another backend.

use core::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use cert_core::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::{
    BindOptions, CertId, CertStore, CertSummary, ClaimName, Generation, KekId, PageSize, PreviousVersion,
    SealedKey, ServedChain, StoreError, Target,
};

/// One of the things that a store has. The order of the variants is that of an export, and in its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A certificate with all that belongs to it.
    Cert(Box<CertEntry>),
    /// A claim.
    Claim {
        /// Its name.
        name: ClaimName,
        /// What stands.
        value: Vec<u8>,
    },
    /// A key-encryption key that was retired.
    Retired(KekId),
}

impl Entry {
    /// The key that it is exported by.
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Cert(cert) => EntryKey::Cert(cert.summary.id),
            Self::Claim { name, .. } => EntryKey::Claim(name.clone()),
            Self::Retired(kek) => EntryKey::Retired(kek.clone()),
        }
    }

    /// Bytes that are the same for the same entry, whatever the backend and the platform.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for an entry with a type of key that has no number yet.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, StoreError> {
        postcard::to_stdvec(self).map_err(|source| StoreError::Corrupt {
            backend: "export",
            operation: "encode",
            source: source.into(),
        })
    }
}

/// Where an entry stands in an export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKey {
    /// A certificate.
    Cert(CertId),
    /// A claim.
    Claim(ClaimName),
    /// A key-encryption key that was retired.
    Retired(KekId),
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cert(id) => write!(f, "certificate {id}"),
            Self::Claim(name) => write!(f, "claim {name}"),
            Self::Retired(kek) => write!(f, "retired key {kek}"),
        }
    }
}

/// A certificate with its versions, sealed keys and bindings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertEntry {
    /// The certificate.
    pub summary: Arc<CertSummary>,
    /// The served chain.
    pub chain: ServedChain,
    /// The sealed key.
    pub sealed_key: SealedKey,
    /// The version that a rollback brings back.
    pub previous: Option<PreviousEntry>,
    /// What is bound to it, in the order of the targets.
    pub bindings: Vec<BindingEntry>,
}

impl CertEntry {
    /// The kept generations with their keys.
    pub(crate) fn sealed_keys(&self) -> impl Iterator<Item = (Generation, &SealedKey)> {
        let previous = self.previous.as_ref().map(|kept| (kept.version.generation, &kept.sealed_key));
        previous.into_iter().chain([(self.summary.generation, &self.sealed_key)])
    }
}

/// A version that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousEntry {
    /// The version.
    pub version: Arc<PreviousVersion>,
    /// Its chain.
    pub chain: ServedChain,
    /// Its sealed key.
    pub sealed_key: SealedKey,
}

/// A target that a certificate is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingEntry {
    /// The target.
    pub target: Target,
    /// What the owner wants there.
    pub options: BindOptions,
}

/// What a whole store comes to: two stores with the same one have the same in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreDigest {
    /// Number of entries.
    pub entries: u64,
    /// SHA-256 over the canonical bytes of all entries in their order, each with its length before it.
    pub sha256: Fingerprint,
}

impl StoreDigest {
    /// Reads a whole store.
    ///
    /// # Errors
    /// As [`CertStore::export`].
    pub async fn of(store: &dyn CertStore) -> Result<Self, StoreError> {
        let (mut context, mut entries) = (digest::Context::new(&digest::SHA256), 0);
        let mut after = None;
        loop {
            let page = store.export(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key());
            for entry in &page {
                let bytes = entry.canonical_bytes()?;
                context.update(&(bytes.len() as u64).to_be_bytes());
                context.update(&bytes);
                entries += 1;
            }
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(context.finish().as_ref());
        Ok(Self { entries, sha256: Fingerprint::from_bytes(sha256) })
    }
}

/// Entries that are read at once: with chains and keys, some 600 KB.
pub(crate) const PAGE: PageSize = PageSize::of(100);
