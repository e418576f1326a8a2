//! Reading the tree, and the tree as it will be once a batch is applied.

use std::{
    collections::BTreeMap,
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use ::sled::IVec;
use cert_core::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    BACKEND,
    layout::{self, Key},
    rows::Row,
};
use crate::{BackendError, CertId, OwnerId, StoreError, quota::Account};

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
    tree: ::sled::Tree,
    gate: RwLock<()>,
}

impl Gated {
    pub(super) const fn new(tree: ::sled::Tree) -> Self {
        Self { tree, gate: RwLock::new(()) }
    }

    /// The tree as it stands, for one step.
    pub(super) fn view(&self) -> View<'_> {
        View { tree: &self.tree, _gate: self.gate.read().unwrap_or_else(std::sync::PoisonError::into_inner) }
    }

    pub(super) const fn tree(&self) -> &::sled::Tree {
        &self.tree
    }

    /// Keeps readers out.
    pub(super) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The tree while no batch is being applied. Short-lived: it holds the writer up.
pub(super) struct View<'a> {
    tree: &'a ::sled::Tree,
    _gate: RwLockReadGuard<'a, ()>,
}

impl Reader for View<'_> {
    fn bytes(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.tree.bytes(key)
    }

    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.tree.scan(range, limit)
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
    tree: &'a ::sled::Tree,
    batch: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// What the step that is being decided changes: forgotten if it is refused.
    step: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Overlay<'a> {
    pub(super) const fn new(tree: &'a ::sled::Tree) -> Self {
        Self { tree, batch: BTreeMap::new(), step: BTreeMap::new() }
    }

    pub(super) fn put<T: Serialize>(&mut self, key: &Key<T>, value: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_stdvec(value).map_err(|error| corrupt("encode", error))?;
        self.step.insert(key.as_bytes().to_vec(), Some(bytes));
        Ok(())
    }

    pub(super) fn remove<T>(&mut self, key: &Key<T>) {
        self.step.insert(key.as_bytes().to_vec(), None);
    }

    /// Ends a step: keeps what it changed, or forgets it.
    pub(super) fn end_step(&mut self, keep: bool) {
        let step = std::mem::take(&mut self.step);
        if keep {
            // Not `append`, which builds the whole map anew: a batch has many steps, and each is small.
            self.batch.extend(step);
        }
    }

    /// What the kept steps changed.
    pub(super) fn into_batch(self) -> Option<::sled::Batch> {
        if self.batch.is_empty() {
            return None;
        }
        let mut batch = ::sled::Batch::default();
        for (key, value) in self.batch {
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
        match self.step.get(key).or_else(|| self.batch.get(key)) {
            Some(changed) => Ok(changed.as_deref().map(IVec::from)),
            None => self.tree.bytes(key),
        }
    }

    fn scan(&self, range: &(Vec<u8>, Vec<u8>), limit: usize) -> Result<Vec<Entry>, StoreError> {
        let (from, to) = range;
        if from >= to {
            return Ok(Vec::new());
        }
        let bounds = || from.clone()..to.clone();
        let changed = || self.batch.range(bounds()).chain(self.step.range(bounds()));
        // Each change may hide one of the tree's entries.
        let stored = self.tree.scan(range, limit.saturating_add(changed().count()))?;
        let mut entries: BTreeMap<IVec, IVec> =
            stored.into_iter().map(|Entry { key, value }| (key, value)).collect();
        for (key, value) in changed() {
            match value {
                Some(value) => entries.insert(IVec::from(key.as_slice()), IVec::from(value.as_slice())),
                None => entries.remove(key.as_slice()),
            };
        }
        Ok(entries.into_iter().take(limit).map(|(key, value)| Entry { key, value }).collect())
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], operation: &'static str) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(missing(operation, "bytes behind a value")),
        Err(error) => Err(corrupt(operation, error)),
    }
}

/// Decodes the first part of a value, and leaves the rest.
pub(super) fn decode_front<T: DeserializeOwned>(
    bytes: &[u8],
    operation: &'static str,
) -> Result<T, StoreError> {
    postcard::take_from_bytes(bytes).map(|(value, _)| value).map_err(|error| corrupt(operation, error))
}

/// Something is there that should not be, or the other way round.
pub(super) fn missing(operation: &'static str, what: &'static str) -> StoreError {
    StoreError::Corrupt { backend: BACKEND, operation, source: what.into() }
}

fn corrupt(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Corrupt { backend: BACKEND, operation, source: source.into() }
}

fn read_failed(error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Corruption { .. } => corrupt("read", error),
        error => StoreError::Unavailable { backend: BACKEND, operation: "read", source: error.into() },
    }
}
