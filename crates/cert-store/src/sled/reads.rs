//! The lists, over the tree or an overlay of it.

use std::{collections::BTreeSet, sync::Arc};

use cert_core::Timestamp;

use super::{
    layout::{self, Key, Prefix},
    overlay::{Entry, Reader, decode, missing},
    rows::Held,
};
use crate::{
    Binding, CertId, CertSummary, Expiring, Generation, OwnerId, PageSize, ServedChain, StoreError, Target,
};

/// The chain that a rollback brings back.
pub(super) fn previous_chain(
    reader: &impl Reader,
    id: CertId,
    generation: Generation,
) -> Result<ServedChain, StoreError> {
    let chain = reader.value(&Key::chain(id, generation), "rollback")?;
    chain.ok_or_else(|| missing("rollback", "a previous version without its chain"))
}

/// The certificates behind `after` in any of these lists, each once, in the order of their ids.
pub(super) fn certs(
    reader: &impl Reader,
    lists: &[Prefix],
    after: Option<CertId>,
    size: PageSize,
) -> Result<Vec<Arc<CertSummary>>, StoreError> {
    let mut ids = BTreeSet::new();
    for list in lists {
        for Entry { key, .. } in reader.scan(&list.after_id(after), size.get())? {
            ids.insert(id_of(&key)?);
        }
    }
    ids.into_iter().take(size.get()).map(|id| reader.summary(id)).collect()
}

/// All certificates that end before an instant, soonest first.
pub(super) fn expiring(
    reader: &impl Reader,
    before: Timestamp,
    after: Option<(Timestamp, CertId)>,
    size: PageSize,
) -> Result<Vec<Expiring>, StoreError> {
    let keys = reader.scan(&layout::ends_before(before, after), size.get())?;
    let mut expiring = Vec::with_capacity(keys.len());
    for Entry { key, .. } in keys {
        let id = id_of(&key)?;
        let is_bound = !reader.scan(&Prefix::bindings_of(id).all(), 1)?.is_empty();
        expiring.push(Expiring { cert: reader.summary(id)?, is_bound });
    }
    Ok(expiring)
}

/// What serves a target.
pub(super) fn binding(reader: &impl Reader, target: &Target) -> Result<Option<Binding>, StoreError> {
    let held = reader.value(&Key::bound(target), "bound")?;
    held.map(|held| join(reader, held)).transpose()
}

/// The targets of a certificate.
pub(super) fn targets_of(reader: &impl Reader, id: CertId) -> Result<Vec<Target>, StoreError> {
    let entries = reader.scan(&Prefix::bindings_of(id).all(), usize::MAX)?;
    entries.into_iter().map(|entry| decode(&entry.value, "bindings")).collect()
}

/// The bindings of a certificate.
pub(super) fn bindings_of(reader: &impl Reader, id: CertId) -> Result<Vec<Binding>, StoreError> {
    targets_of(reader, id)?.iter().map(|target| bound(reader, target)).collect()
}

/// The bindings of an owner.
pub(super) fn bound_by(
    reader: &impl Reader,
    owner: &OwnerId,
    after: Option<&Target>,
    size: PageSize,
) -> Result<Vec<Binding>, StoreError> {
    let entries = reader.scan(&Prefix::bound_by(owner).after_target(after), size.get())?;
    entries.into_iter().map(|entry| bound(reader, &decode(&entry.value, "bound_by")?)).collect()
}

/// All bindings.
pub(super) fn bound_all(
    reader: &impl Reader,
    after: Option<&Target>,
    size: PageSize,
) -> Result<Vec<Binding>, StoreError> {
    let entries = reader.scan(&Prefix::bound().after_target(after), size.get())?;
    entries.into_iter().map(|entry| join(reader, decode(&entry.value, "bound_all")?)).collect()
}

fn bound(reader: &impl Reader, target: &Target) -> Result<Binding, StoreError> {
    binding(reader, target)?.ok_or_else(|| missing("bound", "a listed target without its binding"))
}

fn join(reader: &impl Reader, held: Held) -> Result<Binding, StoreError> {
    let cert = reader.summary(held.id)?;
    Ok(Binding {
        target: held.target,
        owner: cert.owner.clone(),
        id: held.id,
        generation: cert.generation,
        not_after: cert.leaf.not_after,
        key_type: cert.leaf.key_type,
        options: held.options,
    })
}

fn id_of(key: &[u8]) -> Result<CertId, StoreError> {
    layout::id_in(key).ok_or_else(|| missing("list", "a key without its id"))
}
