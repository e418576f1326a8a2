//! Reading the tree, and the tree as it will be once a batch is applied.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
};

use ::sled::IVec;
use arc_swap::ArcSwapOption;
use cert_core::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    BACKEND,
    decoded::Decoded,
    feed,
    layout::{self, Key, Prefix},
    recovery::Database,
    rows::Row,
};
use crate::{BackendError, CertId, CertRecord, CertSummary, OwnerId, PageSize, StoreError, quota::Account};

/// A key and its value, shared with sled's cache.
pub(super) struct Entry {
    pub(super) key: IVec,
    pub(super) value: IVec,
}

/// Something that has keys and values in order.
pub(super) trait Reader {
    /// The bytes of a value.
    fn bytes(&self, key: &[u8]) -> Result<Option<IVec>, StoreError>;

    /// The first `limit` keys, with their values, from the first key up to and without the second.
    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// A value. Bytes that do not decode are [`StoreError::Corrupt`].
    fn value<T: DeserializeOwned>(
        &self,
        key: &Key<T>,
        operation: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.bytes(key.as_bytes())?.map(|bytes| decode(&bytes, operation)).transpose()
    }

    /// A certificate that a list names, so it must be there. Only the front of its row is decoded.
    fn summary(&self, id: CertId) -> Result<Arc<CertSummary>, StoreError> {
        decode_front(&listed_row(self, id)?, "list")
    }

    /// A certificate.
    fn row(&self, id: CertId) -> Result<Row, StoreError> {
        self.value(&Key::cert(id), "get")?.ok_or(StoreError::NotFound { id })
    }

    /// The owner's account, brought to `now`.
    fn account(&self, owner: &OwnerId, now: Timestamp) -> Result<Account, StoreError> {
        let mut account = self.value(&Key::account(owner), "account")?.unwrap_or_else(|| Account::new(now));
        let (after, until) = account.window(now);
        if after < until {
            let ended = self.scan(&layout::ends_between(owner, after, until), usize::MAX)?;
            account.advance((after, until), ended.len() as u64);
        }
        Ok(account)
    }
}

/// The tree, with a gate that lets no reader see half of a batch. sled's batches are atomic for one key only.
pub(super) struct Gated {
    /// None while the database is closed, after a failure.
    tree: ArcSwapOption<::sled::Tree>,
    gate: RwLock<()>,
    /// The position of the last event of the feed that is on disk.
    last_event: AtomicU64,
    decoded: Decoded,
}

impl Gated {
    pub(super) fn new(database: &Database) -> Self {
        let gated = Self {
            tree: ArcSwapOption::empty(),
            gate: RwLock::default(),
            last_event: AtomicU64::new(0),
            decoded: Decoded::new(),
        };
        gated.open(database);
        gated
    }

    /// The certificate with its chain. One look needs no gate: sled keeps single reads out while it applies a batch.
    pub(super) fn record(&self, id: CertId) -> Result<CertRecord, StoreError> {
        let tree = self.tree.load();
        let bytes = open_tree(tree.as_deref())?.bytes(&layout::cert_key(id))?;
        let bytes = bytes.ok_or(StoreError::NotFound { id })?;
        self.decoded.records.get_or_decode(id, bytes, |bytes| {
            let Row { summary, chain, previous, .. } = decode(bytes, "get")?;
            Ok(CertRecord { summary, chain, previous })
        })
    }

    /// The tree as it stands, for one step.
    pub(super) fn view(&self) -> View<'_> {
        let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let last_event = self.last_event.load(Acquire);
        View { tree: self.tree.load(), last_event, decoded: &self.decoded, _gate: gate }
    }

    /// Keeps readers out.
    pub(super) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leads readers to a database that has been opened.
    pub(super) fn open(&self, database: &Database) {
        self.synced(database);
        self.tree.store(Some(Arc::new(database.tree().clone())));
    }

    /// Leads readers nowhere. A look that is under way may still hold the tree.
    pub(super) fn take_away(&self) {
        self.tree.store(None);
    }

    /// Says that all of the database is on disk.
    pub(super) fn synced(&self, database: &Database) {
        // Where the head does not read, the feed stays where it was, and whoever asks for the head is told.
        if let Ok(head) = feed::head(database.tree()) {
            self.last_event.store(head.last, Release);
        }
    }
}

/// The tree while no batch is being applied. Short-lived: it holds the writer up.
pub(super) struct View<'a> {
    tree: arc_swap::Guard<Option<Arc<::sled::Tree>>>,
    last_event: u64,
    decoded: &'a Decoded,
    _gate: RwLockReadGuard<'a, ()>,
}

impl View<'_> {
    fn tree(&self) -> Result<&::sled::Tree, StoreError> {
        open_tree(self.tree.as_deref())
    }

    /// The position of the last event of the feed that is on disk.
    pub(super) const fn last_event(&self) -> u64 {
        self.last_event
    }

    /// An owner's certificates behind `after`. The list holds them itself.
    pub(super) fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        let list = Prefix::certs_of(owner);
        let (mut certs, mut fresh) = (Vec::with_capacity(size.get()), Vec::new());
        let (tree, known) = (self.tree()?, self.decoded.listed.table());
        // Without an end, which sled would compare each key with twice.
        for entry in tree.range(list.after_id(after).0..).take(size.get()) {
            let (key, value) = match &entry {
                Ok((key, value)) => (key, value),
                Err(error) => return Err(read_failed(error.clone())),
            };
            if !list.has(key) {
                break;
            }
            let id = layout::id_in(key).ok_or_else(|| missing("page", "a key without its id"))?;
            if let Some(cert) = known.get(id, value) {
                certs.push(cert);
                continue;
            }
            let cert: Arc<CertSummary> = decode(value, "page")?;
            certs.push(Arc::clone(&cert));
            fresh.push((id, value.clone(), cert));
        }
        drop(known);
        if !fresh.is_empty() {
            self.decoded.listed.keep(fresh);
        }
        Ok(certs)
    }
}

impl Reader for View<'_> {
    fn bytes(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.tree()?.bytes(key)
    }

    /// What is not at hand is decoded and forgotten: the lists of everything must not push out what is read often.
    fn summary(&self, id: CertId) -> Result<Arc<CertSummary>, StoreError> {
        let row = listed_row(self, id)?;
        let known = self.decoded.records.table().get(id, &row);
        match known {
            Some(record) => Ok(record.summary),
            None => decode_front(&row, "list"),
        }
    }

    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.tree()?.scan(range, limit)
    }
}

impl Reader for ::sled::Tree {
    fn bytes(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.get(key).map_err(read_failed)
    }

    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (from, to) = range;
        if from >= to {
            return Ok(Vec::new());
        }
        let entries = self.range(from.as_slice()..to.as_slice()).take(limit);
        entries.map(|entry| entry.map(|(key, value)| Entry { key, value }).map_err(read_failed)).collect()
    }
}

/// The tree and the changes of the steps that were decided but not applied yet.
pub(super) struct Overlay<'a> {
    tree: Option<&'a ::sled::Tree>,
    batch: Changes,
    /// What the step that is being decided changes: forgotten if it is refused.
    step: Changes,
}

/// Keys with their new values, or none where they are removed.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<IVec, Option<IVec>>);

impl Changes {
    pub(super) fn put<T: Serialize>(&mut self, key: &Key<T>, value: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_stdvec(value).map_err(|error| corrupt("encode", error))?;
        self.0.insert(IVec::from(key.as_bytes()), Some(IVec::from(bytes)));
        Ok(())
    }

    fn range(&self, (from, to): &(Vec<u8>, Vec<u8>)) -> impl Iterator<Item = (&IVec, &Option<IVec>)> {
        self.0.range::<[u8], _>((Bound::Included(from.as_slice()), Bound::Excluded(to.as_slice())))
    }
}

impl<'a> Overlay<'a> {
    pub(super) fn new(tree: Option<&'a ::sled::Tree>) -> Self {
        Self { tree, batch: Changes::default(), step: Changes::default() }
    }

    pub(super) fn put<T: Serialize>(&mut self, key: &Key<T>, value: &T) -> Result<(), StoreError> {
        self.step.put(key, value)
    }

    pub(super) fn remove<T>(&mut self, key: &Key<T>) {
        self.step.0.insert(IVec::from(key.as_bytes()), None);
    }

    /// What the step that is being decided changes.
    pub(super) const fn step(&mut self) -> &mut Changes {
        &mut self.step
    }

    /// Adds what was prepared for the step.
    pub(super) fn add(&mut self, prepared: Changes) {
        self.step.0.extend(prepared.0);
    }

    /// Ends a step: keeps what it changed, or forgets it.
    pub(super) fn end_step(&mut self, keep: bool) {
        let step = std::mem::take(&mut self.step);
        if keep {
            // Not `append`, which builds the whole map anew: a batch has many steps, and each is small.
            self.batch.0.extend(step.0);
        }
    }

    /// What the kept steps changed.
    pub(super) fn into_batch(self) -> Option<::sled::Batch> {
        if self.batch.0.is_empty() {
            return None;
        }
        let mut batch = ::sled::Batch::default();
        for (key, value) in self.batch.0 {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        Some(batch)
    }
}

impl Reader for Overlay<'_> {
    fn bytes(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        match self.step.0.get(key).or_else(|| self.batch.0.get(key)) {
            Some(changed) => Ok(changed.clone()),
            None => open_tree(self.tree)?.bytes(key),
        }
    }

    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (from, to) = range;
        if from >= to {
            return Ok(Vec::new());
        }
        let changed = || self.batch.range(range).chain(self.step.range(range));
        // Each change may hide one of the tree's entries.
        let stored = open_tree(self.tree)?.scan(range, limit.saturating_add(changed().count()))?;
        let mut entries: BTreeMap<IVec, IVec> =
            stored.into_iter().map(|Entry { key, value }| (key, value)).collect();
        for (key, value) in changed() {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(entries.into_iter().take(limit).map(|(key, value)| Entry { key, value }).collect())
    }
}

fn listed_row(reader: &(impl Reader + ?Sized), id: CertId) -> Result<IVec, StoreError> {
    reader.bytes(&layout::cert_key(id))?.ok_or_else(|| missing("list", "a listed id without its certificate"))
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], operation: &'static str) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(missing(operation, "bytes behind a value")),
        Err(error) => Err(corrupt(operation, error)),
    }
}

/// Decodes the first part of a value, and leaves the rest.
fn decode_front<T: DeserializeOwned>(bytes: &[u8], operation: &'static str) -> Result<T, StoreError> {
    postcard::take_from_bytes(bytes).map(|(value, _)| value).map_err(|error| corrupt(operation, error))
}

/// Something is there that should not be, or the other way round.
pub(super) fn missing(operation: &'static str, what: &'static str) -> StoreError {
    StoreError::Corrupt { backend: BACKEND, operation, source: what.into() }
}

fn corrupt(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Corrupt { backend: BACKEND, operation, source: source.into() }
}

fn open_tree(tree: Option<&::sled::Tree>) -> Result<&::sled::Tree, StoreError> {
    let closed = || StoreError::Unavailable { backend: BACKEND, operation: "read", source: CLOSED.into() };
    tree.ok_or_else(closed)
}

const CLOSED: &str = "the database is closed since a write failed, and is opened again once there is room";

fn read_failed(error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Corruption { .. } => corrupt("read", error),
        error => StoreError::Unavailable { backend: BACKEND, operation: "read", source: error.into() },
    }
}
