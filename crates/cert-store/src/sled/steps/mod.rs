//! The writes: each decides against the overlay and changes it, or refuses. What a refused step changed is forgotten.

pub(super) mod bindings;
pub(super) mod versions;

use std::sync::Arc;

use cert_core::{Fingerprint, Timestamp};

use super::{
    feed,
    layout::{Key, Prefix, id_in, index_keys},
    overlay::{Changes, Entry, Overlay, Reader as _, missing},
    reads,
    rows::Row,
    sealing,
};
use crate::{
    CertId, CertSummary, Change, ClaimName, Generation, Inserted, NewCert, OwnerId, Quota, StoreError,
    Totals, precondition, quota::Account,
};

/// A new certificate with all that is written for it alone. Callers prepare it: all of them wait for the one thread that
/// decides.
pub(super) struct Prepared {
    cert: NewCert,
    upload: Fingerprint,
    changes: Changes,
}

impl Prepared {
    pub(super) fn new(cert: NewCert, now: Timestamp) -> Result<Self, StoreError> {
        let (summary, upload) = (Arc::new(CertSummary::of_new(&cert, now)), cert.upload_digest());
        let row = Row { summary, upload, previous: None, chain: cert.chain.clone() };
        let mut changes = Changes::default();
        put_row(&mut changes, &row)?;
        sealing::put_key(&mut changes, cert.id, Generation::FIRST, &cert.sealed_key)?;
        Ok(Self { cert, upload, changes })
    }
}

pub(super) fn insert(
    overlay: &mut Overlay<'_>,
    prepared: Prepared,
    quota: Quota,
    now: Timestamp,
) -> Result<Inserted, StoreError> {
    let Prepared { cert, upload, changes } = prepared;
    if let Some(Entry { key, .. }) = overlay.scan(&Prefix::upload(&cert.owner, &upload).all(), 1)?.pop() {
        let id = id_in(&key).ok_or_else(|| missing("insert", "a key without its id"))?;
        return Ok(Inserted { id, generation: overlay.row(id)?.summary.generation, existing: true });
    }
    if overlay.bytes(Key::cert(cert.id).as_bytes())?.is_some() {
        return Err(StoreError::AlreadyExists { id: cert.id });
    }
    sealing::is_usable(overlay, &cert.sealed_key)?;
    let account = overlay.account(&cert.owner, now)?;
    if let Some(limit) = quota.reached_by(account.usage()) {
        return Err(StoreError::QuotaExceeded { owner: cert.owner, limit });
    }
    overlay.add(changes);
    count_in(overlay, account, &cert.owner, cert.leaf.not_after)?;
    feed::record(overlay, Change::Cert(cert.id), now)?;
    Ok(Inserted { id: cert.id, generation: Generation::FIRST, existing: false })
}

pub(super) fn delete(
    overlay: &mut Overlay<'_>,
    id: CertId,
    owner: &OwnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = overlay.row(id)?;
    precondition::owned_by(&row.summary, owner)?;
    precondition::is_unbound(id, &reads::targets_of(overlay, id)?)?;
    let mut account = overlay.account(owner, now)?;
    account.remove(row.summary.leaf.not_after);
    overlay.put(&Key::account(owner), &account)?;
    remove_row(overlay, &row);
    let previous = row.previous.map(|version| version.generation);
    for generation in previous.into_iter().chain([row.summary.generation]) {
        sealing::remove_generation(overlay, id, generation)?;
    }
    count(overlay, |totals| totals.certificates = totals.certificates.saturating_sub(1))?;
    feed::record(overlay, Change::Cert(id), now)
}

pub(super) fn claim(
    overlay: &mut Overlay<'_>,
    name: &ClaimName,
    expected: Option<Vec<u8>>,
    value: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    let key = Key::claim(name);
    let standing = overlay.value(&key, "claim")?;
    if standing != expected {
        return Ok(standing.unwrap_or_default());
    }
    overlay.put(&key, &value)?;
    Ok(value)
}

/// Stores a certificate that was not there, and counts it.
pub(super) fn admit(overlay: &mut Overlay<'_>, row: &Row, now: Timestamp) -> Result<(), StoreError> {
    let cert = &row.summary;
    put_row(overlay.step(), row)?;
    let account = overlay.account(&cert.owner, now)?;
    count_in(overlay, account, &cert.owner, cert.leaf.not_after)
}

/// Counts a certificate of the owner that was not there.
fn count_in(
    overlay: &mut Overlay<'_>,
    mut account: Account,
    owner: &OwnerId,
    not_after: Timestamp,
) -> Result<(), StoreError> {
    account.add(not_after);
    overlay.put(&Key::account(owner), &account)?;
    count(overlay, |totals| totals.certificates += 1)
}

/// Stores a certificate under all the keys that it is found by.
fn put_row(changes: &mut Changes, row: &Row) -> Result<(), StoreError> {
    rewrite_row(changes, row)?;
    index_keys(row).iter().try_for_each(|key| changes.put(key, &()))
}

/// Stores a certificate again that is found by the same keys as before.
fn rewrite_row(changes: &mut Changes, row: &Row) -> Result<(), StoreError> {
    changes.put(&Key::cert(row.summary.id), row)?;
    changes.put(&Key::listed(&row.summary.owner, row.summary.id), &row.summary)
}

/// Takes a certificate out from under all the keys that it is found by.
fn remove_row(overlay: &mut Overlay<'_>, row: &Row) {
    overlay.remove(&Key::cert(row.summary.id));
    overlay.remove(&Key::listed(&row.summary.owner, row.summary.id));
    index_keys(row).iter().for_each(|key| overlay.remove(key));
}

fn count(overlay: &mut Overlay<'_>, change: impl FnOnce(&mut Totals)) -> Result<(), StoreError> {
    let key = Key::totals();
    let mut totals = overlay.value(&key, "totals")?.unwrap_or_default();
    change(&mut totals);
    overlay.put(&key, &totals)
}
