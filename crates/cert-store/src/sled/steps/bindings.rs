//! Binding certificates to targets.

use std::sync::Arc;

use cert_core::Timestamp;

use super::{
    super::{
        feed,
        layout::Key,
        overlay::{Overlay, Reader as _},
        reads,
        rows::Held,
    },
    count, rewrite_row,
};
use crate::{
    BindOptions, CertId, Change, Generation, OwnerId, StoreError, Target,
    precondition::{self, Slots},
};

pub(in super::super) fn bind(
    overlay: &mut Overlay<'_>,
    id: CertId,
    owner: &OwnerId,
    generation: Generation,
    (target, options): (Target, BindOptions),
    now: Timestamp,
) -> Result<Option<CertId>, StoreError> {
    let cert = overlay.row(id)?.summary;
    precondition::owned_by(&cert, owner)?;
    precondition::may_serve(&cert, generation, &target.domain, now)?;
    let slots = slots(overlay, &target)?;
    if !slots.binds_anew(owner, &target, (id, options))? {
        return Ok(None);
    }
    point(overlay, owner, Held { target, id, options }, now)?;
    Ok(slots.this.map(|binding| binding.id).filter(|&before| before != id))
}

pub(in super::super) fn take_over(
    overlay: &mut Overlay<'_>,
    target: Target,
    (from, to): (CertId, CertId),
    generation: Generation,
    owner: &OwnerId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (mut old, new) = (overlay.row(from)?, overlay.row(to)?.summary);
    precondition::owned_by(&old.summary, owner)?;
    precondition::owned_by(&new, owner)?;
    let stale = StoreError::Stale { id: from, generation: None };
    let Some(held) = overlay.value(&Key::bound(&target), "take_over")? else {
        return Err(stale);
    };
    if held.id == to && old.summary.superseded_by == Some(to) {
        return Ok(());
    }
    if held.id != from {
        return Err(stale);
    }
    precondition::may_serve(&new, generation, &target.domain, now)?;
    precondition::ends_after(&new, old.summary.leaf.not_after)?;
    point(overlay, owner, Held { id: to, ..held }, now)?;
    Arc::make_mut(&mut old.summary).superseded_by = Some(to);
    rewrite_row(overlay.step(), &old)?;
    feed::record(overlay, Change::Cert(from), now)
}

pub(in super::super) fn move_binding(
    overlay: &mut Overlay<'_>,
    target: Target,
    (from, to): (&OwnerId, &OwnerId),
    id: CertId,
    generation: Generation,
    now: Timestamp,
) -> Result<CertId, StoreError> {
    let cert = overlay.row(id)?.summary;
    precondition::owned_by(&cert, to)?;
    let slots = slots(overlay, &target)?;
    if slots.this.as_ref().is_some_and(|binding| binding.id == id) {
        return Ok(id);
    }
    let served = slots.moves_from(from, to, id)?.id;
    precondition::may_serve(&cert, generation, &target.domain, now)?;
    point(overlay, to, Held { target, id, options: BindOptions::default() }, now)?;
    if let Some(left) = slots.left_behind(from, to) {
        free(overlay, left)?;
        feed::record(overlay, Change::Domain(left.clone()), now)?;
    }
    Ok(served)
}

pub(in super::super) fn unbind(
    overlay: &mut Overlay<'_>,
    target: Target,
    owner: &OwnerId,
    now: Timestamp,
) -> Result<Option<CertId>, StoreError> {
    let Some(binding) = reads::binding(overlay, &target)? else {
        return Ok(None);
    };
    if binding.owner != *owner {
        return Err(StoreError::BoundElsewhere { target });
    }
    free(overlay, &target)?;
    feed::record(overlay, Change::Domain(target), now)?;
    Ok(Some(binding.id))
}

fn slots(overlay: &Overlay<'_>, target: &Target) -> Result<Slots, StoreError> {
    let this = reads::binding(overlay, target)?;
    Ok(Slots { this, other: reads::binding(overlay, &target.other_slot())? })
}

/// Points a target to a certificate of `owner`, wherever it pointed.
fn point(overlay: &mut Overlay<'_>, owner: &OwnerId, held: Held, now: Timestamp) -> Result<(), StoreError> {
    free(overlay, &held.target)?;
    hold(overlay, owner, &held)?;
    feed::record(overlay, Change::Domain(held.target), now)
}

/// Binds a target that is free.
pub(in super::super) fn hold(
    overlay: &mut Overlay<'_>,
    owner: &OwnerId,
    held: &Held,
) -> Result<(), StoreError> {
    for key in Key::binding(owner, held.id, &held.target) {
        overlay.put(&key, &held.target)?;
    }
    overlay.put(&Key::bound(&held.target), held)?;
    count(overlay, |totals| totals.bindings += 1)
}

/// Frees a target, if something is bound there.
fn free(overlay: &mut Overlay<'_>, target: &Target) -> Result<(), StoreError> {
    let Some(binding) = reads::binding(overlay, target)? else {
        return Ok(());
    };
    for key in Key::binding(&binding.owner, binding.id, target) {
        overlay.remove(&key);
    }
    overlay.remove(&Key::bound(target));
    count(overlay, |totals| totals.bindings = totals.bindings.saturating_sub(1))
}
