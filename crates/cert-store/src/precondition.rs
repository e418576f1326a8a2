//! What steps presuppose, decided alike by every backend that decides in this process.

use std::collections::BTreeSet;

use cert_core::{DnsName, Timestamp};

use crate::{
    BindOptions, Binding, CertId, CertSummary, Generation, LeafFacts, OwnerId, Quota, StoreError, Target,
    TargetKind, quota::Account,
};

/// The certificate is the owner's.
pub(crate) fn owned_by(cert: &CertSummary, owner: &OwnerId) -> Result<(), StoreError> {
    if cert.owner == *owner { Ok(()) } else { Err(StoreError::NotFound { id: cert.id }) }
}

/// The caller has seen the generation that stands.
pub(crate) fn is_current(cert: &CertSummary, generation: Generation) -> Result<(), StoreError> {
    if cert.generation == generation {
        Ok(())
    } else {
        Err(StoreError::Stale { id: cert.id, generation: Some(cert.generation) })
    }
}

/// The certificate, in the generation that the caller has seen, may serve the domain now.
pub(crate) fn may_serve(
    cert: &CertSummary,
    generation: Generation,
    domain: &DnsName,
    now: Timestamp,
) -> Result<(), StoreError> {
    is_current(cert, generation)?;
    if !cert.leaf.covers(domain) {
        return Err(StoreError::NotCovered { id: cert.id, domain: domain.clone() });
    }
    ends_after(cert, now)
}

/// What is bound to the two slots of a domain: the one that a step is about, and the other.
#[derive(Debug)]
pub(crate) struct Slots {
    pub(crate) this: Option<Binding>,
    pub(crate) other: Option<Binding>,
}

impl Slots {
    /// The owner may bind a certificate to this slot of `target`; whether that changes anything.
    pub(crate) fn binds_anew(
        &self,
        owner: &OwnerId,
        target: &Target,
        held: (CertId, BindOptions),
    ) -> Result<bool, StoreError> {
        if [&self.this, &self.other].into_iter().flatten().any(|binding| binding.owner != *owner) {
            return Err(StoreError::BoundElsewhere { target: target.clone() });
        }
        Ok(self.this.as_ref().is_none_or(|binding| (binding.id, binding.options) != held))
    }

    /// What serves a domain that moves from an owner to a certificate of another: at this slot, or else at the other.
    pub(crate) fn moves_from(
        &self,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
    ) -> Result<&Binding, StoreError> {
        let held = self.this.as_ref().or_else(|| self.other.as_ref().filter(|_| from != to));
        held.filter(|binding| binding.owner == *from).ok_or(StoreError::Stale { id, generation: None })
    }

    /// The other slot, where it has to be freed because the domain moves.
    pub(crate) fn left_behind(&self, from: &OwnerId, to: &OwnerId) -> Option<&Target> {
        let left = self.other.as_ref().filter(|binding| binding.owner == *from && from != to);
        left.map(|binding| &binding.target)
    }
}

/// The certificate ends after an instant.
pub(crate) fn ends_after(cert: &CertSummary, instant: Timestamp) -> Result<(), StoreError> {
    let not_after = cert.leaf.not_after;
    if not_after > instant { Ok(()) } else { Err(StoreError::Expired { id: cert.id, not_after }) }
}

/// No bound domain loses its cover when `leaf` stands under the id.
pub(crate) fn keeps_cover<'a>(
    id: CertId,
    leaf: &LeafFacts,
    bound: impl IntoIterator<Item = &'a Target>,
) -> Result<(), StoreError> {
    let domains = bound.into_iter().map(|target| &target.domain).filter(|domain| !leaf.covers(domain));
    let domains: BTreeSet<DnsName> = domains.cloned().collect();
    if domains.is_empty() {
        return Ok(());
    }
    Err(StoreError::WouldUncover { id, domains: domains.into_iter().collect() })
}

/// Nothing is bound.
pub(crate) fn is_unbound<'a>(
    id: CertId,
    bound: impl IntoIterator<Item = &'a Target>,
) -> Result<(), StoreError> {
    let (mut cdn, mut storage) = (0, 0);
    for target in bound {
        match target.kind {
            TargetKind::Cdn => cdn += 1,
            TargetKind::Storage => storage += 1,
        }
    }
    if cdn + storage == 0 { Ok(()) } else { Err(StoreError::StillBound { id, cdn, storage }) }
}

/// The account once `leaf` stands in the place of the certificate's own. One that had expired and comes back to life
/// needs a place.
pub(crate) fn exchange(
    mut account: Account,
    cert: &CertSummary,
    leaf: &LeafFacts,
    quota: Quota,
) -> Result<Account, StoreError> {
    let revives = !account.is_live(cert.leaf.not_after) && account.is_live(leaf.not_after);
    if revives && account.usage().live >= quota.live {
        return Err(StoreError::QuotaExceeded { owner: cert.owner.clone(), limit: quota.live });
    }
    account.remove(cert.leaf.not_after);
    account.add(leaf.not_after);
    Ok(account)
}
