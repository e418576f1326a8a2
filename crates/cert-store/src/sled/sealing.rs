//! Which keys are sealed under which key-encryption key.

use super::{
    layout::{self, Key, Prefix},
    overlay::{Changes, Entry, Overlay, Reader, missing},
    rows::Row,
};
use crate::{CertId, Generation, KekId, PageSize, SealedKey, SealedUnder, StoreError};

pub(super) fn sealed_under(
    reader: &impl Reader,
    kek: &KekId,
    after: Option<(CertId, Generation)>,
    size: PageSize,
) -> Result<Vec<SealedUnder>, StoreError> {
    let entries = reader.scan(&Prefix::sealed_under(kek).after_generation(after), size.get())?;
    entries.iter().map(|entry| sealed(reader, entry)).collect()
}

fn sealed(reader: &impl Reader, entry: &Entry) -> Result<SealedUnder, StoreError> {
    let key = layout::generation_in(&entry.key);
    let (id, generation) = key.ok_or_else(|| missing("sealed_under", "a key without its generation"))?;
    let Row { summary, previous, .. } = reader.row(id)?;
    let previous = previous.as_ref().filter(|previous| previous.generation == generation);
    let leaf = previous.map_or(&summary.leaf, |previous| &previous.leaf);
    Ok(SealedUnder { id, generation, owner: summary.owner.clone(), spki_fingerprint: leaf.spki_fingerprint })
}

pub(super) fn rewrap(
    overlay: &mut Overlay<'_>,
    id: CertId,
    generation: Generation,
    from: &KekId,
    sealed_key: &SealedKey,
) -> Result<(), StoreError> {
    let key = Key::sealed_key(id, generation);
    let standing = overlay.value(&key, "rewrap")?.ok_or(StoreError::NotFound { id })?;
    if standing == *sealed_key {
        return Ok(());
    }
    if standing.kek_id() != from {
        return Err(StoreError::Stale { id, generation: None });
    }
    is_usable(overlay, sealed_key)?;
    overlay.remove(&Prefix::sealed_under(standing.kek_id()).with_generation(id, generation));
    put_key(overlay.step(), id, generation, sealed_key)
}

pub(super) fn retire(overlay: &mut Overlay<'_>, kek: &KekId) -> Result<(), StoreError> {
    if !overlay.scan(&Prefix::sealed_under(kek).all(), 1)?.is_empty() {
        return Err(StoreError::InUse { kek: kek.clone() });
    }
    overlay.put(&Key::retired(kek), &())
}

/// The key is not sealed under a key-encryption key that was retired.
pub(super) fn is_usable(reader: &impl Reader, sealed_key: &SealedKey) -> Result<(), StoreError> {
    let kek = sealed_key.kek_id();
    match reader.bytes(Key::retired(kek).as_bytes())? {
        Some(_) => Err(StoreError::Retired { kek: kek.clone() }),
        None => Ok(()),
    }
}

/// The key of a generation that is kept.
pub(super) fn key_of(
    reader: &impl Reader,
    id: CertId,
    generation: Generation,
) -> Result<SealedKey, StoreError> {
    let sealed_key = reader.value(&Key::sealed_key(id, generation), "generation")?;
    sealed_key.ok_or_else(|| missing("generation", "a version without its key"))
}

/// Removes the chain and the key of a generation.
pub(super) fn remove_generation(
    overlay: &mut Overlay<'_>,
    id: CertId,
    generation: Generation,
) -> Result<(), StoreError> {
    let key = Key::sealed_key(id, generation);
    let sealed_key = overlay.value(&key, "delete")?;
    let sealed_key = sealed_key.ok_or_else(|| missing("delete", "a certificate without its key"))?;
    overlay.remove(&Prefix::sealed_under(sealed_key.kek_id()).with_generation(id, generation));
    overlay.remove(&key);
    overlay.remove(&Key::chain(id, generation));
    Ok(())
}

/// Stores the key of a generation.
pub(super) fn put_key(
    changes: &mut Changes,
    id: CertId,
    generation: Generation,
    sealed_key: &SealedKey,
) -> Result<(), StoreError> {
    changes.put(&Prefix::sealed_under(sealed_key.kek_id()).with_generation(id, generation), &())?;
    changes.put(&Key::sealed_key(id, generation), sealed_key)
}
