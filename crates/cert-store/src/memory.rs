//! The reference backend: the contract as plainly as it can be written. Nothing survives the process.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use cert_core::{Fingerprint, Timestamp};

use crate::{
    CertId, CertRecord, CertStore, CertSummary, ClaimName, FindBy, Generation, Inserted, NewCert, OwnerId,
    PageSize, Quota, SealedKey, ServedChain, StoreError, Usage, quota::Account,
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

#[derive(Debug, Default)]
struct State {
    certs: BTreeMap<CertId, Stored>,
    accounts: HashMap<OwnerId, Account>,
    uploads: HashMap<(OwnerId, Fingerprint), CertId>,
    claims: HashMap<ClaimName, Vec<u8>>,
}

#[derive(Debug)]
struct Stored {
    summary: CertSummary,
    chain: ServedChain,
    upload: Fingerprint,
    keys: BTreeMap<Generation, SealedKey>,
}

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
        let state = self.state();
        let stored = state.stored(id)?;
        Ok(stored.summary.clone().with_chain(stored.chain.clone()))
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        self.state().stored(id)?.keys.get(&generation).cloned().ok_or(StoreError::NotFound { id })
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError> {
        Ok(self.state().list(owner, after, size, |_| true))
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError> {
        Ok(self.state().list(owner, after, size, |cert| matches(cert, by)))
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
        let mut state = self.state();
        if state.claims.get(name).map(Vec::as_slice) == expected {
            state.claims.insert(name.clone(), value.to_vec());
        }
        Ok(state.claims.get(name).cloned().unwrap_or_default())
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        Ok(self.state().account(owner, now).usage())
    }
}

impl State {
    fn insert(&mut self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError> {
        let upload = cert.upload_digest();
        if let Some(&id) = self.uploads.get(&(cert.owner.clone(), upload)) {
            return Ok(Inserted { id, generation: self.stored(id)?.summary.generation, existing: true });
        }
        if self.certs.contains_key(&cert.id) {
            return Err(StoreError::AlreadyExists { id: cert.id });
        }
        let mut account = self.account(&cert.owner, now);
        if let Some(limit) = quota.reached_by(account.usage()) {
            return Err(StoreError::QuotaExceeded { owner: cert.owner, limit });
        }
        account.add(cert.leaf.not_after);
        self.accounts.insert(cert.owner.clone(), account);
        self.uploads.insert((cert.owner.clone(), upload), cert.id);
        let summary = CertSummary::of_new(&cert, now);
        let keys = BTreeMap::from([(Generation::FIRST, cert.sealed_key)]);
        self.certs.insert(cert.id, Stored { summary, chain: cert.chain, upload, keys });
        Ok(Inserted { id: cert.id, generation: Generation::FIRST, existing: false })
    }

    fn delete(&mut self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        let stored = self.stored(id)?;
        if stored.summary.owner != *owner {
            return Err(StoreError::NotFound { id });
        }
        let (not_after, upload) = (stored.summary.leaf.not_after, stored.upload);
        let mut account = self.account(owner, now);
        account.remove(not_after);
        self.accounts.insert(owner.clone(), account);
        self.uploads.remove(&(owner.clone(), upload));
        self.certs.remove(&id);
        Ok(())
    }

    fn stored(&self, id: CertId) -> Result<&Stored, StoreError> {
        self.certs.get(&id).ok_or(StoreError::NotFound { id })
    }

    /// The owner's account, brought to `now`.
    fn account(&self, owner: &OwnerId, now: Timestamp) -> Account {
        let mut account = self.accounts.get(owner).copied().unwrap_or_else(|| Account::new(now));
        let (after, until) = account.window(now);
        let ended = |cert: &CertSummary| cert.leaf.not_after > after && cert.leaf.not_after <= until;
        let expired = self.of(owner).filter(|stored| ended(&stored.summary)).count();
        account.advance((after, until), expired as u64);
        account
    }

    fn list(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
        is_wanted: impl Fn(&CertSummary) -> bool,
    ) -> Vec<CertSummary> {
        let certs = self.of(owner).map(|stored| &stored.summary);
        certs.filter(|cert| Some(cert.id) > after && is_wanted(cert)).take(size.get()).cloned().collect()
    }

    fn of(&self, owner: &OwnerId) -> impl Iterator<Item = &Stored> {
        self.certs.values().filter(move |stored| stored.summary.owner == *owner)
    }
}

fn matches(cert: &CertSummary, by: &FindBy) -> bool {
    let names = &cert.leaf.cover_names;
    match by {
        FindBy::Covering(domain) => names.iter().any(|name| name.covers(domain)),
        FindBy::Label { key, value } => cert.labels.get(key) == Some(value),
        FindBy::Leaf(fingerprint) => cert.leaf.fingerprint == *fingerprint,
        FindBy::Name(name) => names.contains(name),
        FindBy::Spki(fingerprint) => cert.leaf.spki_fingerprint == *fingerprint,
    }
}
