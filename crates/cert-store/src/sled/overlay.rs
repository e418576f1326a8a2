//! Reading the tree, and the tree as it will be once a batch is applied.

use std::collections::BTreeMap;

use cert_core::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    BACKEND,
    layout::{self, Key, Prefix},
};
use crate::{BackendError, CertId, CertSummary, OwnerId, PageSize, StoreError, quota::Account};

/// Something that has keys and values in order.
pub(super) trait Reader {
    /// The bytes of a value.
    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// How many keys there are from `from`, up to and without `to`.
    fn count(&self, from: Vec<u8>, to: Vec<u8>) -> Result<u64, StoreError>;

    /// A value. Bytes that do not decode are [`StoreError::Corrupt`].
    fn value<T: DeserializeOwned>(
        &self,
        key: &Key<T>,
        operation: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.bytes(key.as_bytes())?.map(|bytes| decode(&bytes, operation)).transpose()
    }

    fn summary(&self, id: CertId) -> Result<CertSummary, StoreError> {
        self.value(&Key::cert(id), "get")?.ok_or(StoreError::NotFound { id })
    }

    /// The owner's account, brought to `now`.
    fn account(&self, owner: &OwnerId, now: Timestamp) -> Result<Account, StoreError> {
        let mut account = self.value(&Key::account(owner), "account")?.unwrap_or_else(|| Account::new(now));
        let (after, until) = account.window(now);
        let (from, to) = layout::ends_between(owner, after, until);
        let expired = if after < until { self.count(from, to)? } else { 0 };
        account.advance((after, until), expired);
        Ok(account)
    }
}

impl Reader for ::sled::Tree {
    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get(key).map_err(read_failed)?.map(|bytes| bytes.to_vec()))
    }

    fn count(&self, from: Vec<u8>, to: Vec<u8>) -> Result<u64, StoreError> {
        self.range(from..to).try_fold(0, |count, entry| entry.map(|_| count + 1).map_err(read_failed))
    }
}

/// The certificates behind `after` in any of these lists, each once, in the order of their ids.
pub(super) fn list(
    tree: &::sled::Tree,
    lists: &[Prefix],
    after: Option<CertId>,
    size: PageSize,
) -> Result<Vec<CertSummary>, StoreError> {
    let mut after = after;
    let mut certs = Vec::new();
    while certs.len() < size.get() {
        let ids = next_ids(tree, lists, after, size.get() - certs.len())?;
        let Some(&last) = ids.last() else { break };
        for id in ids {
            // One that was deleted since its key was read is not in the list any more.
            certs.extend(tree.value(&Key::cert(id), "page")?);
        }
        after = Some(last);
    }
    Ok(certs)
}

fn next_ids(
    tree: &::sled::Tree,
    lists: &[Prefix],
    after: Option<CertId>,
    count: usize,
) -> Result<Vec<CertId>, StoreError> {
    let mut ids = Vec::new();
    for list in lists {
        // From the key right behind that of `after`.
        let from =
            after.map_or_else(|| list.as_bytes().to_vec(), |id| [list.with(id).as_bytes(), &[0]].concat());
        for key in tree.range(from..).keys().take(count) {
            let key = key.map_err(read_failed)?;
            let Some(id) = key.strip_prefix(list.as_bytes()).and_then(|id| <[u8; 12]>::try_from(id).ok())
            else {
                break;
            };
            ids.push(CertId(id));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(count);
    Ok(ids)
}

/// The tree and the changes of the steps that were decided but not applied yet.
pub(super) struct Overlay<'a> {
    tree: &'a ::sled::Tree,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Overlay<'a> {
    pub(super) const fn new(tree: &'a ::sled::Tree) -> Self {
        Self { tree, changes: BTreeMap::new() }
    }

    pub(super) fn put<T: Serialize>(&mut self, key: &Key<T>, value: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_stdvec(value).map_err(|error| corrupt("encode", error))?;
        self.changes.insert(key.as_bytes().to_vec(), Some(bytes));
        Ok(())
    }

    pub(super) fn remove<T>(&mut self, key: &Key<T>) {
        self.changes.insert(key.as_bytes().to_vec(), None);
    }

    /// Everything that was changed.
    pub(super) fn into_batch(self) -> ::sled::Batch {
        let mut batch = ::sled::Batch::default();
        for (key, value) in self.changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        batch
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl Reader for Overlay<'_> {
    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.clone()),
            None => self.tree.bytes(key),
        }
    }

    fn count(&self, from: Vec<u8>, to: Vec<u8>) -> Result<u64, StoreError> {
        let mut count = self.tree.count(from.clone(), to.clone())?;
        for (key, changed) in self.changes.range(from..to) {
            let stood = self.tree.contains_key(key).map_err(read_failed)?;
            match changed {
                Some(_) if !stood => count += 1,
                None if stood => count -= 1,
                _ => {}
            }
        }
        Ok(count)
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8], operation: &'static str) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(missing(operation, "bytes behind a value")),
        Err(error) => Err(corrupt(operation, error)),
    }
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
