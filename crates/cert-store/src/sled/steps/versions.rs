//! Replacing a certificate under its id, and going back.

use std::sync::Arc;

use cert_core::Timestamp;

use super::{
    super::{
        feed,
        layout::Key,
        overlay::{Overlay, Reader as _},
        reads,
        rows::Row,
        sealing,
    },
    put_row, remove_row,
};
use crate::{CertId, Change, Generation, NewVersion, Quota, SealedKey, StoreError, precondition};

pub(in super::super) fn replace(
    overlay: &mut Overlay<'_>,
    id: CertId,
    generation: Generation,
    version: NewVersion,
    quota: Quota,
    now: Timestamp,
) -> Result<Generation, StoreError> {
    let mut row = overlay.row(id)?;
    if row.summary.common_name != version.common_name || row.chain != version.chain {
        return exchange(overlay, row, generation, version, quota, now);
    }
    let Some(labels) = version.labels.filter(|labels| *labels != row.summary.labels) else {
        return Ok(row.summary.generation);
    };
    precondition::is_current(&row.summary, generation)?;
    remove_row(overlay, &row);
    Arc::make_mut(&mut row.summary).labels = labels;
    put_row(overlay.step(), &row)?;
    feed::record(overlay, Change::Cert(id), now)?;
    Ok(generation)
}

pub(in super::super) fn rollback(
    overlay: &mut Overlay<'_>,
    id: CertId,
    generation: Generation,
    sealed_key: SealedKey,
    quota: Quota,
    now: Timestamp,
) -> Result<Generation, StoreError> {
    let row = overlay.row(id)?;
    precondition::is_current(&row.summary, generation)?;
    let previous = row.previous.as_ref().ok_or(StoreError::NoPrevious { id })?;
    let chain = reads::previous_chain(overlay, id, previous.generation)?;
    let (common_name, leaf) = (previous.common_name.clone(), previous.leaf.clone());
    let version = NewVersion { common_name, labels: None, leaf, chain, sealed_key };
    exchange(overlay, row, generation, version, quota, now)
}

/// Puts other content under the id, if nothing stands against it, and keeps what stood there.
fn exchange(
    overlay: &mut Overlay<'_>,
    mut row: Row,
    generation: Generation,
    version: NewVersion,
    quota: Quota,
    now: Timestamp,
) -> Result<Generation, StoreError> {
    let (id, owner) = (row.summary.id, row.summary.owner.clone());
    precondition::is_current(&row.summary, generation)?;
    precondition::keeps_cover(id, &version.leaf, &reads::targets_of(overlay, id)?)?;
    sealing::is_usable(overlay, &version.sealed_key)?;
    let account = overlay.account(&owner, now)?;
    let account = precondition::exchange(account, &row.summary, &version.leaf, quota)?;
    overlay.put(&Key::account(&owner), &account)?;
    remove_row(overlay, &row);
    let summary = Arc::make_mut(&mut row.summary);
    let kept = summary.advance(version.common_name, version.leaf);
    if let Some(labels) = version.labels {
        summary.labels = labels;
    }
    if let Some(forgotten) = row.previous.replace(Arc::new(kept)) {
        sealing::remove_generation(overlay, id, forgotten.generation)?;
    }
    row.upload = row.summary.upload_digest(&version.chain);
    let left = core::mem::replace(&mut row.chain, version.chain);
    overlay.put(&Key::chain(id, generation), &left)?;
    sealing::put_key(overlay.step(), id, row.summary.generation, &version.sealed_key)?;
    put_row(overlay.step(), &row)?;
    feed::record(overlay, Change::Cert(id), now)?;
    Ok(row.summary.generation)
}
