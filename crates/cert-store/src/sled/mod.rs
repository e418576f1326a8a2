//! The embedded backend: one folder, one writer thread, durable.
//!
//! Everything is in one tree, since sled's batches are atomic within one tree only. Writes go through one thread that
//! takes what has queued up, decides each step, applies all of it as one batch, flushes, syncs, and then answers
//! everybody: so many clients share one sync. Reads go to the tree at once; a hot one takes about a microsecond.

mod layout;
mod overlay;
mod recovery;
mod steps;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use cert_core::Timestamp;

pub use self::recovery::OpenError;
use self::{
    layout::{Key, Prefix},
    overlay::Reader as _,
    recovery::Opened,
    steps::Step,
    writer::Writer,
};
use crate::{
    CertId, CertRecord, CertStore, CertSummary, ClaimName, FindBy, Generation, Inserted, NewCert, OwnerId,
    PageSize, Quota, SealedKey, StoreError, Usage,
};

/// Certificates in a folder.
///
/// A folder can be open once at a time. Dropping the store writes what was accepted and closes it.
pub struct SledStore {
    // Dropped in this order: the writer ends before the database closes, and the lock goes last.
    writer: Writer,
    tree: ::sled::Tree,
    _opened: Opened,
}

impl SledStore {
    /// Opens the store in `folder`, and makes both where there is none.
    ///
    /// # Errors
    /// [`OpenError`]: another process has it open, a later version wrote it, or the file system says no.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, OpenError> {
        let opened = recovery::open(folder.as_ref())?;
        let tree = opened.tree().clone();
        let writer = Writer::start(opened.tree().clone(), opened.data_file()?)?;
        Ok(Self { writer, tree, _opened: opened })
    }
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl CertStore for SledStore {
    async fn insert(&self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError> {
        self.writer.run(|reply| Step::Insert { cert: Box::new(cert), quota, now, reply }).await
    }

    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        // A certificate and its chain are two keys: a replacement between the two reads shows as a missing chain.
        loop {
            let cert = self.tree.summary(id)?;
            match self.tree.value(&Key::chain(id, cert.generation), "get")? {
                Some(chain) => return Ok(cert.with_chain(chain)),
                None if self.tree.summary(id)?.generation == cert.generation => {
                    return Err(overlay::missing("get", "a certificate without its chain"));
                }
                None => {}
            }
        }
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        self.tree.value(&Key::sealed_key(id, generation), "sealed_key")?.ok_or(StoreError::NotFound { id })
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError> {
        overlay::list(&self.tree, &[Prefix::certs_of(owner)], after, size)
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError> {
        overlay::list(&self.tree, &Prefix::found_by(owner, by), after, size)
    }

    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        let owner = owner.clone();
        self.writer.run(|reply| Step::Delete { id, owner, now, reply }).await
    }

    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        _now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        let (name, expected, value) = (name.clone(), expected.map(<[u8]>::to_vec), value.to_vec());
        self.writer.run(|reply| Step::Claim { name, expected, value, reply }).await
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        Ok(self.tree.account(owner, now)?.usage())
    }
}

/// The name under which errors show this backend.
const BACKEND: &str = "sled";
