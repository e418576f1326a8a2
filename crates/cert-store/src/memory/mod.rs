//! The reference backend: the contract as plainly as it can be written. Nothing survives the process.

mod bindings;
mod feed;
mod sealing;
mod state;
mod transfer;
mod versions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cert_core::Timestamp;

use self::state::State;
use crate::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, ClaimName, Entry, EntryKey, Event,
    Expiring, FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
};

/// Certificates in memory.
///
/// ```
/// use cert_store::{CertId, CertStore, MemoryStore};
///
/// let store: Box<dyn CertStore> = Box::new(MemoryStore::new());
/// # let _ = store;
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state, for one step. A panic cannot leave it half changed: every step decides before it changes anything.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CertStore for MemoryStore {
    async fn insert(&self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError> {
        self.state().insert(cert, quota, now)
    }

    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        Ok(self.state().cert(id)?.to_record())
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        let state = self.state();
        state.cert(id)?.sealed_key(generation).cloned().ok_or(StoreError::NotFound { id })
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        Ok(self.state().certs_of(owner, after).take(size.get()).cloned().collect())
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        let state = self.state();
        let found = state.certs_of(owner, after).filter(|cert| by.matches(cert));
        Ok(found.take(size.get()).cloned().collect())
    }

    async fn replace(
        &self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        self.state().replace(id, generation, version, quota, now)
    }

    async fn rollback(
        &self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        self.state().rollback(id, generation, sealed_key, quota, now)
    }

    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        self.state().delete(id, owner, now)
    }

    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        _now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.state().claim(name, expected, value))
    }

    async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().claims.get(name).cloned())
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        Ok(self.state().account(owner, now).usage())
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
        self.state().bind(id, owner, generation, target, options, now)
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
        self.state().take_over(target, from, to, generation, owner, now)
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
        self.state().move_binding(target, from, to, id, generation, now)
    }

    async fn unbind(
        &self,
        target: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        self.state().unbind(target, owner, now)
    }

    async fn bound(&self, target: &Target) -> Result<Option<Binding>, StoreError> {
        Ok(self.state().binding(target))
    }

    async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError> {
        Ok(self.state().bindings_of(id))
    }

    async fn bound_by(
        &self,
        owner: &OwnerId,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, StoreError> {
        let state = self.state();
        let bound = state.bindings_after(after).filter(|binding| binding.owner == *owner);
        Ok(bound.take(size.get()).collect())
    }

    async fn bound_all(&self, after: Option<&Target>, size: PageSize) -> Result<Vec<Binding>, StoreError> {
        Ok(self.state().bindings_after(after).take(size.get()).collect())
    }

    async fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
        size: PageSize,
    ) -> Result<Vec<Expiring>, StoreError> {
        Ok(self.state().expiring(before, after).take(size.get()).collect())
    }

    async fn head(&self) -> Result<FeedMarker, StoreError> {
        Ok(self.state().feed.head.marker())
    }

    async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        self.state().changes(after, size.get())
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self.state().prune(before))
    }

    async fn sealed_under(
        &self,
        kek: &KekId,
        after: Option<(CertId, Generation)>,
        size: PageSize,
    ) -> Result<Vec<SealedUnder>, StoreError> {
        Ok(self.state().sealed_under(kek, after).take(size.get()).collect())
    }

    async fn rewrap(
        &self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.state().rewrap(id, generation, from, sealed_key)
    }

    async fn retire(&self, kek: &KekId, _now: Timestamp) -> Result<(), StoreError> {
        self.state().retire(kek)
    }

    async fn export(&self, after: Option<&EntryKey>, size: PageSize) -> Result<Vec<Entry>, StoreError> {
        Ok(self.state().export(after, size.get()))
    }

    async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        self.state().import(entry, now)
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        Ok(self.state().totals())
    }
}
