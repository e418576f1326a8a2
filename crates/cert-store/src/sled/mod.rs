//! The embedded backend: one folder, one writer thread, durable.
//!
//! Everything is in one tree, since sled's batches are atomic within one tree only. Writes go through one thread that
//! takes what has queued up, decides each step, applies all of it as one batch, flushes, syncs, and then answers
//! everybody: so many clients share one sync. Reads go to the tree at once; a hot one takes about a microsecond.

mod decoded;
mod disk;
mod feed;
mod layout;
mod overlay;
mod reads;
mod recovery;
mod rows;
mod sealing;
mod steps;
mod transfer;
mod writer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use cert_core::Timestamp;

pub use self::recovery::OpenError;
use self::{
    layout::{Key, Prefix},
    overlay::{Gated, Overlay, Reader as _},
    recovery::Folder,
    writer::Writer,
};
use crate::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, ClaimName, Entry, EntryKey, Event,
    Expiring, FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
};

/// Certificates in a folder.
///
/// A folder can be open once at a time. Dropping the store writes what was accepted and closes it.
///
/// Where less than 64 MiB of the disk are free, writes are refused with a typed error and reads go on. After the disk has
/// failed a write all the same, writes are refused, and only what is in memory can be read, until the disk takes writes
/// again: then the store opens its database again by itself. Everything that was acknowledged is there.
pub struct SledStore {
    writer: Writer,
    tree: Arc<Gated>,
}

impl SledStore {
    /// Opens the store in `folder`, and makes both where there is none.
    ///
    /// # Errors
    /// [`OpenError`]: another process has it open, a later version wrote it, or the file system says no.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, OpenError> {
        let folder = Folder::lock(folder.as_ref())?;
        let database = folder.open()?;
        let tree = Arc::new(Gated::new(&database));
        let writer = Writer::start(Arc::clone(&tree), folder, database)?;
        Ok(Self { writer, tree })
    }

    /// Starts a new epoch of the change feed, so that every reader starts again. To be done once after the folder was
    /// restored from a backup: readers may have seen events that the backup does not have.
    ///
    /// # Errors
    /// As every write.
    pub async fn renew_epoch(&self) -> Result<(), StoreError> {
        self.writer.run("renew_epoch", feed::renew).await
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
        let prepared = steps::Prepared::new(cert, now)?;
        self.writer.run("insert", move |overlay| steps::insert(overlay, prepared, quota, now)).await
    }

    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        self.tree.record(id)
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        let key = Key::sealed_key(id, generation);
        self.tree.view().value(&key, "sealed_key")?.ok_or(StoreError::NotFound { id })
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        self.tree.view().page(owner, after, size)
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        reads::certs(&self.tree.view(), &Prefix::found_by(owner, by), after, size)
    }

    async fn replace(
        &self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let step = move |overlay: &mut Overlay<'_>| {
            steps::versions::replace(overlay, id, generation, version, quota, now)
        };
        self.writer.run("replace", step).await
    }

    async fn rollback(
        &self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let step = move |overlay: &mut Overlay<'_>| {
            steps::versions::rollback(overlay, id, generation, sealed_key, quota, now)
        };
        self.writer.run("rollback", step).await
    }

    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        let owner = owner.clone();
        self.writer.run("delete", move |overlay| steps::delete(overlay, id, &owner, now)).await
    }

    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        _now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        let (name, expected, value) = (name.clone(), expected.map(<[u8]>::to_vec), value.to_vec());
        self.writer.run("claim", move |overlay| steps::claim(overlay, &name, expected, value)).await
    }

    async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree.view().value(&Key::claim(name), "claimed")
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        Ok(self.tree.view().account(owner, now)?.usage())
    }

    async fn bind(
        &self,
        id: CertId,
        owner: &OwnerId,
        generation: Generation,
        target: &Target,
        options: BindOptions,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let (owner, wanted) = (owner.clone(), (target.clone(), options));
        let step = move |overlay: &mut Overlay<'_>| {
            steps::bindings::bind(overlay, id, &owner, generation, wanted, now)
        };
        self.writer.run("bind", step).await
    }

    async fn take_over(
        &self,
        target: &Target,
        from: CertId,
        to: CertId,
        generation: Generation,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (target, owner) = (target.clone(), owner.clone());
        let step = move |overlay: &mut Overlay<'_>| {
            steps::bindings::take_over(overlay, target, (from, to), generation, &owner, now)
        };
        self.writer.run("take_over", step).await
    }

    async fn move_binding(
        &self,
        target: &Target,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
        generation: Generation,
        now: Timestamp,
    ) -> Result<CertId, StoreError> {
        let (target, from, to) = (target.clone(), from.clone(), to.clone());
        let step = move |overlay: &mut Overlay<'_>| {
            steps::bindings::move_binding(overlay, target, (&from, &to), id, generation, now)
        };
        self.writer.run("move_binding", step).await
    }

    async fn unbind(
        &self,
        target: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let (target, owner) = (target.clone(), owner.clone());
        self.writer.run("unbind", move |overlay| steps::bindings::unbind(overlay, target, &owner, now)).await
    }

    async fn bound(&self, target: &Target) -> Result<Option<Binding>, StoreError> {
        reads::binding(&self.tree.view(), target)
    }

    async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError> {
        reads::bindings_of(&self.tree.view(), id)
    }

    async fn bound_by(
        &self,
        owner: &OwnerId,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, StoreError> {
        reads::bound_by(&self.tree.view(), owner, after, size)
    }

    async fn bound_all(&self, after: Option<&Target>, size: PageSize) -> Result<Vec<Binding>, StoreError> {
        reads::bound_all(&self.tree.view(), after, size)
    }

    async fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
        size: PageSize,
    ) -> Result<Vec<Expiring>, StoreError> {
        reads::expiring(&self.tree.view(), before, after, size)
    }

    async fn head(&self) -> Result<FeedMarker, StoreError> {
        Ok(feed::synced_head(&self.tree.view())?.marker())
    }

    async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        feed::changes(&self.tree.view(), after, size)
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.writer.run("prune", move |overlay| feed::prune(overlay, before)).await
    }

    async fn sealed_under(
        &self,
        kek: &KekId,
        after: Option<(CertId, Generation)>,
        size: PageSize,
    ) -> Result<Vec<SealedUnder>, StoreError> {
        sealing::sealed_under(&self.tree.view(), kek, after, size)
    }

    async fn rewrap(
        &self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        let from = from.clone();
        let step =
            move |overlay: &mut Overlay<'_>| sealing::rewrap(overlay, id, generation, &from, &sealed_key);
        self.writer.run("rewrap", step).await
    }

    async fn retire(&self, kek: &KekId, _now: Timestamp) -> Result<(), StoreError> {
        let kek = kek.clone();
        self.writer.run("retire", move |overlay| sealing::retire(overlay, &kek)).await
    }

    async fn export(&self, after: Option<&EntryKey>, size: PageSize) -> Result<Vec<Entry>, StoreError> {
        transfer::export(&self.tree.view(), after, size)
    }

    async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        self.writer.run("import", move |overlay| transfer::import(overlay, entry, now)).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        Ok(self.tree.view().value(&Key::totals(), "totals")?.unwrap_or_default())
    }
}

/// The name under which errors show this backend.
const BACKEND: &str = "sled";
