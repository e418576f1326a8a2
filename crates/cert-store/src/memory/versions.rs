//! Replacing a certificate under its id, and going back.

use std::sync::Arc;

use cert_core::Timestamp;

use super::state::{Kept, State};
use crate::{
    CertId, Change, Generation, LeafFacts, NewVersion, Quota, SealedKey, ServedChain, StoreError,
    precondition,
};

impl State {
    pub(super) fn replace(
        &mut self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let NewVersion { common_name, labels, leaf, chain, sealed_key } = version;
        let stored = self.cert(id)?;
        let labels = labels.filter(|labels| *labels != stored.summary.labels);
        let standing = if stored.summary.common_name != common_name || stored.chain != chain {
            self.exchange(id, generation, (common_name, leaf, chain), sealed_key, quota, now)?
        } else if labels.is_none() {
            return Ok(stored.summary.generation);
        } else {
            precondition::is_current(&stored.summary, generation)?;
            self.record(Change::Cert(id), now);
            generation
        };
        if let (Some(labels), Some(stored)) = (labels, self.certs.get_mut(&id)) {
            Arc::make_mut(&mut stored.summary).labels = labels;
        }
        Ok(standing)
    }

    pub(super) fn rollback(
        &mut self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let stored = self.cert(id)?;
        precondition::is_current(&stored.summary, generation)?;
        let kept = stored.previous.as_ref().ok_or(StoreError::NoPrevious { id })?;
        let content = (kept.version.common_name.clone(), kept.version.leaf.clone(), kept.chain.clone());
        self.exchange(id, generation, content, sealed_key, quota, now)
    }

    /// Puts other content under the id, if nothing stands against it, and keeps what stood there.
    fn exchange(
        &mut self,
        id: CertId,
        generation: Generation,
        (common_name, leaf, chain): (String, LeafFacts, ServedChain),
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let stored = self.cert(id)?;
        precondition::is_current(&stored.summary, generation)?;
        precondition::keeps_cover(id, &leaf, &stored.targets)?;
        self.is_usable(&sealed_key)?;
        let owner = stored.summary.owner.clone();
        let account = self.account(&owner, now);
        let account = precondition::exchange(account, &stored.summary, &leaf, quota)?;
        self.set_account(&owner, account);
        let mut stored = self.take(id)?;
        let version = Arc::new(Arc::make_mut(&mut stored.summary).advance(common_name, leaf));
        let chain = std::mem::replace(&mut stored.chain, chain);
        let sealed_key = std::mem::replace(&mut stored.sealed_key, sealed_key);
        stored.previous = Some(Kept { version, chain, sealed_key });
        self.put(stored);
        self.record(Change::Cert(id), now);
        Ok(generation.next())
    }
}
