//! Which keys are sealed under which key-encryption key.

use super::state::{State, Stored};
use crate::{CertId, Generation, KekId, SealedKey, SealedUnder, StoreError};

impl State {
    pub(super) fn sealed_under<'a>(
        &'a self,
        kek: &'a KekId,
        after: Option<(CertId, Generation)>,
    ) -> impl Iterator<Item = SealedUnder> + 'a {
        let from = after.map_or(CertId::MIN, |(id, _)| id);
        let entries = self.certs.range(from..).flat_map(move |(_, stored)| stored.sealed_under(kek));
        entries.filter(move |entry| Some((entry.id, entry.generation)) > after)
    }

    pub(super) fn rewrap(
        &mut self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
    ) -> Result<(), StoreError> {
        let standing = self.cert(id)?.sealed_key(generation).ok_or(StoreError::NotFound { id })?;
        if *standing == sealed_key {
            return Ok(());
        }
        if standing.kek_id() != from {
            return Err(StoreError::Stale { id, generation: None });
        }
        self.is_usable(&sealed_key)?;
        if let Some(standing) = self.certs.get_mut(&id).and_then(|stored| stored.sealed_key_mut(generation)) {
            *standing = sealed_key;
        }
        Ok(())
    }

    pub(super) fn retire(&mut self, kek: &KekId) -> Result<(), StoreError> {
        if self.sealed_under(kek, None).next().is_some() {
            return Err(StoreError::InUse { kek: kek.clone() });
        }
        self.retired.insert(kek.clone());
        Ok(())
    }

    /// The key is not sealed under a key-encryption key that was retired.
    pub(super) fn is_usable(&self, sealed_key: &SealedKey) -> Result<(), StoreError> {
        let kek = sealed_key.kek_id();
        if self.retired.contains(kek) { Err(StoreError::Retired { kek: kek.clone() }) } else { Ok(()) }
    }
}

impl Stored {
    /// The older generation first.
    fn sealed_under(&self, kek: &KekId) -> impl Iterator<Item = SealedUnder> {
        let cert = &self.summary;
        let kept = self
            .previous
            .as_ref()
            .map(|kept| (&kept.sealed_key, kept.version.generation, &kept.version.leaf));
        let versions = kept.into_iter().chain([(&self.sealed_key, cert.generation, &cert.leaf)]);
        versions.filter(move |(sealed, ..)| sealed.kek_id() == kek).map(|(_, generation, leaf)| SealedUnder {
            id: cert.id,
            generation,
            owner: cert.owner.clone(),
            spki_fingerprint: leaf.spki_fingerprint,
        })
    }

    fn sealed_key_mut(&mut self, generation: Generation) -> Option<&mut SealedKey> {
        if generation == self.summary.generation {
            return Some(&mut self.sealed_key);
        }
        let kept = self.previous.as_mut().filter(|kept| kept.version.generation == generation);
        kept.map(|kept| &mut kept.sealed_key)
    }
}
