//! Binding certificates to targets.

use std::sync::Arc;

use cert_core::Timestamp;

use super::state::{Held, State, Stored, behind};
use crate::{
    BindOptions, Binding, CertId, Change, Generation, OwnerId, StoreError, Target,
    precondition::{self, Slots},
};

impl State {
    pub(super) fn bind(
        &mut self,
        id: CertId,
        owner: &OwnerId,
        generation: Generation,
        target: &Target,
        options: BindOptions,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let cert = &self.cert(id)?.summary;
        precondition::owned_by(cert, owner)?;
        precondition::may_serve(cert, generation, &target.domain, now)?;
        if !self.slots(target).binds_anew(owner, target, (id, options))? {
            return Ok(None);
        }
        Ok(self.point(target, Held { id, options }, now).filter(|&before| before != id))
    }

    pub(super) fn take_over(
        &mut self,
        target: &Target,
        from: CertId,
        to: CertId,
        generation: Generation,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (old, new) = (&self.cert(from)?.summary, &self.cert(to)?.summary);
        precondition::owned_by(old, owner)?;
        precondition::owned_by(new, owner)?;
        let held = self.bound.get(target).ok_or(StoreError::Stale { id: from, generation: None })?;
        if held.id == to && old.superseded_by == Some(to) {
            return Ok(());
        }
        if held.id != from {
            return Err(StoreError::Stale { id: from, generation: None });
        }
        precondition::may_serve(new, generation, &target.domain, now)?;
        precondition::ends_after(new, old.leaf.not_after)?;
        let options = held.options;
        self.point(target, Held { id: to, options }, now);
        if let Some(old) = self.certs.get_mut(&from) {
            Arc::make_mut(&mut old.summary).superseded_by = Some(to);
        }
        self.record(Change::Cert(from), now);
        Ok(())
    }

    pub(super) fn move_binding(
        &mut self,
        target: &Target,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
        generation: Generation,
        now: Timestamp,
    ) -> Result<CertId, StoreError> {
        let cert = &self.cert(id)?.summary;
        precondition::owned_by(cert, to)?;
        let slots = self.slots(target);
        if slots.this.as_ref().is_some_and(|binding| binding.id == id) {
            return Ok(id);
        }
        let served = slots.moves_from(from, to, id)?.id;
        precondition::may_serve(cert, generation, &target.domain, now)?;
        self.point(target, Held { id, options: BindOptions::default() }, now);
        if let Some(left) = slots.left_behind(from, to) {
            self.free(left, now);
        }
        Ok(served)
    }

    pub(super) fn unbind(
        &mut self,
        target: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let Some(binding) = self.binding(target) else {
            return Ok(None);
        };
        if binding.owner != *owner {
            return Err(StoreError::BoundElsewhere { target: target.clone() });
        }
        self.free(target, now);
        Ok(Some(binding.id))
    }

    fn free(&mut self, target: &Target, now: Timestamp) {
        let before = self.bound.remove(target);
        if let Some(stored) = before.and_then(|held| self.certs.get_mut(&held.id)) {
            stored.targets.remove(target);
        }
        self.record(Change::Domain(target.clone()), now);
    }

    /// Points a target to a certificate, and gives the one that it pointed to.
    fn point(&mut self, target: &Target, held: Held, now: Timestamp) -> Option<CertId> {
        self.record(Change::Domain(target.clone()), now);
        if let Some(stored) = self.certs.get_mut(&held.id) {
            stored.targets.insert(target.clone());
        }
        let id = held.id;
        let before = self.bound.insert(target.clone(), held)?.id;
        if let Some(stored) = self.certs.get_mut(&before).filter(|_| before != id) {
            stored.targets.remove(target);
        }
        Some(before)
    }

    fn slots(&self, target: &Target) -> Slots {
        Slots { this: self.binding(target), other: self.binding(&target.other_slot()) }
    }

    pub(super) fn binding(&self, target: &Target) -> Option<Binding> {
        let held = self.bound.get(target)?;
        self.certs.get(&held.id).map(|stored| stored.binding(target, held))
    }

    pub(super) fn bindings_of(&self, id: CertId) -> Vec<Binding> {
        let targets = self.certs.get(&id).into_iter().flat_map(|stored| &stored.targets);
        targets.filter_map(|target| self.binding(target)).collect()
    }

    pub(super) fn bindings_after(&self, after: Option<&Target>) -> impl Iterator<Item = Binding> {
        let bound = self.bound.range(behind(after.cloned()));
        bound.filter_map(|(target, held)| Some(self.certs.get(&held.id)?.binding(target, held)))
    }
}

impl Stored {
    fn binding(&self, target: &Target, held: &Held) -> Binding {
        let cert = &self.summary;
        Binding {
            target: target.clone(),
            owner: cert.owner.clone(),
            id: cert.id,
            generation: cert.generation,
            not_after: cert.leaf.not_after,
            key_type: cert.leaf.key_type,
            options: held.options,
        }
    }
}
