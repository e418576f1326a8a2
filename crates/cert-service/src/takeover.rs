//! Takeover: a new upload gets the domains of the certificates that it renews.
//!
//! Most clients only ever upload. What they mean is "serve this from now on", and without a takeover their domains go
//! on with the old certificate until it expires.

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use cert_core::DnsName;
use cert_store::{Binding, CertId, CertSummary, OwnerId, PageSize, StoreError, Target};

use crate::{Action, Caller, CertService, ServiceError, Subject, service::ATTEMPTS};

/// A domain that was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOver {
    /// The domain and the slot there.
    pub target: Target,
    /// The certificate that served it before.
    pub from: CertId,
}

impl CertService {
    /// Re-points what `to` can take over, each target in one step, so that no domain is ever without a certificate.
    pub(crate) async fn take_over(
        &self,
        caller: &Caller,
        owner: &OwnerId,
        to: CertId,
    ) -> Result<Vec<TakenOver>, ServiceError> {
        let mut cert = self.parts.store.get(to).await?.summary;
        let mut taken = Vec::new();
        let mut targets = self.within_cover(owner, &cert).await?;
        // Of two slots with another type of key than the new one's, the primary is renewed, and the other then left.
        targets.sort_by_cached_key(|target| (target.kind, target.domain.clone(), Reverse(target.slot)));
        for target in targets {
            let Some(from) = self.take_over_one(owner, &mut cert, &target).await? else { continue };
            let subject = Subject::Cert { owner, id: to, target: Some(&target) };
            self.note(caller, Action::TookOver, subject);
            taken.push(TakenOver { target, from });
        }
        Ok(taken)
    }

    /// Re-points one target as long as that is right, whatever others do to it meanwhile, and names the certificate
    /// that it was taken from.
    async fn take_over_one(
        &self,
        owner: &OwnerId,
        cert: &mut Arc<CertSummary>,
        target: &Target,
    ) -> Result<Option<CertId>, ServiceError> {
        let store = &self.parts.store;
        for _ in 0..=ATTEMPTS {
            let Some(bound) = store.bound(target).await? else { return Ok(None) };
            if !self.is_meant(owner, cert, &bound).await? {
                return Ok(None);
            }
            let (to, generation) = (cert.id, cert.generation);
            match store.take_over(target, bound.id, to, generation, owner, self.now()).await {
                Ok(()) => return Ok(Some(bound.id)),
                // The certificate that has it was deleted or re-pointed, or the new one replaced: look again.
                Err(StoreError::NotFound { id }) if id != to => {}
                Err(StoreError::Stale { .. }) => *cert = store.get(to).await?.summary,
                Err(StoreError::Expired { .. } | StoreError::NotCovered { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Stale { id: cert.id, generation: None }.into())
    }

    /// Whether the new certificate renews what is bound: it covers the domain and ends later, and it is not the
    /// other slot of the domain that has its type of key.
    async fn is_meant(
        &self,
        owner: &OwnerId,
        new: &CertSummary,
        bound: &Binding,
    ) -> Result<bool, ServiceError> {
        let renews = bound.owner == *owner
            && bound.id != new.id
            && new.leaf.covers(&bound.target.domain)
            && new.leaf.not_after > bound.not_after;
        let algorithm = new.leaf.key_type.algorithm();
        if !renews || bound.key_type.algorithm() == algorithm {
            return Ok(renews);
        }
        let other = self.parts.store.bound(&bound.target.other_slot()).await?;
        Ok(other.is_none_or(|other| other.key_type.algorithm() != algorithm))
    }

    /// The owner's targets that the certificate covers.
    ///
    /// Names are looked up one by one; only a wildcard, which covers what nobody can enumerate, needs the owner's
    /// whole list.
    async fn within_cover(&self, owner: &OwnerId, cert: &CertSummary) -> Result<Vec<Target>, ServiceError> {
        let names = &cert.leaf.cover_names;
        if !names.iter().any(DnsName::is_wildcard) {
            let names: BTreeSet<_> = names.iter().collect();
            return Ok(names.into_iter().flat_map(all_targets).collect());
        }
        let (mut targets, mut after) = (Vec::new(), None);
        loop {
            let page = self.parts.store.bound_by(owner, after.as_ref(), PageSize::MAX).await?;
            let Some(last) = page.last() else { return Ok(targets) };
            after = Some(last.target.clone());
            let covered = page.into_iter().filter(|bound| cert.leaf.covers(&bound.target.domain));
            targets.extend(covered.map(|bound| bound.target));
        }
    }
}

fn all_targets(domain: &DnsName) -> impl Iterator<Item = Target> {
    [Target::cdn(domain.clone()), Target::storage(domain.clone())]
        .into_iter()
        .flat_map(|primary| [primary.clone(), primary.alternate()])
}
