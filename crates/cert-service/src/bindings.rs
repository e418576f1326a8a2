//! Which certificate serves which domain.

use cert_store::{BindOptions, Binding, CertId, CertSummary, OwnerId, PageSize, StoreError, Target};

use crate::{Action, Caller, CertService, ServiceError, Subject, service::ATTEMPTS};

impl CertService {
    /// Lets a certificate serve a domain, and returns the one of the same owner that did before, if another did. It then
    /// cannot be deleted. A domain that has a certificate of the same owner is re-pointed at once; one that another
    /// owner has moves if the [`DomainAuthority`](crate::DomainAuthority) allows it. Both slots of a domain have one
    /// owner.
    ///
    /// # Errors
    /// 400401 for an id that nobody has, 404908 for another owner's; in [`ServiceError::Store`]: `not_covered` where the
    /// certificate has no name for the domain, 400329 where it has expired, 404908 (`bound_elsewhere`) where another
    /// owner holds the domain.
    pub async fn bind(
        &self,
        caller: &Caller,
        id: CertId,
        target: &Target,
        options: BindOptions,
    ) -> Result<Option<CertId>, ServiceError> {
        let mut attempts = 0..ATTEMPTS;
        loop {
            let cert = self.owned(caller, id).await?.summary;
            match self.bind_cert(&cert, target, options).await {
                // Something has changed since it was read: what stands now is meant.
                Err(ServiceError::Store(StoreError::Stale { .. })) if attempts.next().is_some() => {}
                Err(error) => return Err(error),
                Ok(Bound { action, previous }) => {
                    let subject = Subject::Cert { owner: &cert.owner, id, target: Some(target) };
                    self.note(caller, action, subject);
                    return Ok(previous);
                }
            }
        }
    }

    /// Moves a domain from an owner to a certificate of another, and returns the certificate that served it. The owner's
    /// options are forgotten, and the other slot is freed.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an operator who acts for nobody in particular. 400401 for an
    /// id that nobody has; in [`ServiceError::Store`]: `stale` where `from` does not hold the domain, `not_covered`,
    /// 400329.
    pub async fn move_binding(
        &self,
        caller: &Caller,
        target: &Target,
        from: &OwnerId,
        id: CertId,
    ) -> Result<CertId, ServiceError> {
        self.over_all(caller)?;
        let cert = self.parts.store.get(id).await?.summary;
        let moved = self.parts.store.move_binding(target, from, &cert.owner, id, cert.generation, self.now());
        let previous = moved.await?;
        let subject = Subject::Cert { owner: &cert.owner, id, target: Some(target) };
        self.note(caller, Action::Moved, subject);
        Ok(previous)
    }

    /// Frees a domain, and returns the certificate that served it, if one did.
    ///
    /// # Errors
    /// [`ServiceError::OwnerRequired`]; 404908 (`bound_elsewhere`) where another owner holds the domain.
    pub async fn unbind(&self, caller: &Caller, target: &Target) -> Result<Option<CertId>, ServiceError> {
        let owner = self.owner_of(caller)?;
        let freed = self.parts.store.unbind(target, owner, self.now()).await?;
        if let Some(id) = freed {
            self.note(caller, Action::Unbound, Subject::Cert { owner, id, target: Some(target) });
        }
        Ok(freed)
    }

    /// The domains that a certificate serves.
    ///
    /// # Errors
    /// 400401 for an id that nobody has, 404908 for another owner's.
    pub async fn bindings(&self, caller: &Caller, id: CertId) -> Result<Vec<Binding>, ServiceError> {
        self.owned(caller, id).await?;
        Ok(self.parts.store.bindings(id).await?)
    }

    /// What serves a domain of the caller's; `None` for one that nobody has bound.
    ///
    /// # Errors
    /// 404908 (`bound_elsewhere`) where another owner holds the domain; [`ServiceError::NotAllowed`] for an edge.
    pub async fn binding(&self, caller: &Caller, target: &Target) -> Result<Option<Binding>, ServiceError> {
        if !caller.is_over_all() {
            self.owner_of(caller)?;
        }
        match self.parts.store.bound(target).await? {
            Some(bound) if !caller.may_act_on(&bound.owner) => {
                Err(StoreError::BoundElsewhere { target: target.clone() }.into())
            }
            bound => Ok(bound),
        }
    }

    /// The owner's bindings behind `after`, in the order of their targets; an empty page is the end.
    ///
    /// # Errors
    /// [`ServiceError::OwnerRequired`], [`ServiceError::Store`].
    pub async fn bound_by(
        &self,
        caller: &Caller,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, ServiceError> {
        Ok(self.parts.store.bound_by(self.owner_of(caller)?, after, size).await?)
    }

    async fn bind_cert(
        &self,
        cert: &CertSummary,
        target: &Target,
        options: BindOptions,
    ) -> Result<Bound, ServiceError> {
        let (store, CertSummary { id, owner, generation, .. }) = (&self.parts.store, cert);
        match store.bind(*id, owner, *generation, target, options, self.now()).await {
            Err(StoreError::BoundElsewhere { .. }) => self.move_here(cert, target, options).await,
            previous => Ok(Bound { action: Action::Bound, previous: previous? }),
        }
    }

    /// Takes a domain from another owner, if it may move. Whose it was and what served it is not told.
    async fn move_here(
        &self,
        cert: &CertSummary,
        target: &Target,
        options: BindOptions,
    ) -> Result<Bound, ServiceError> {
        let (store, CertSummary { id, owner, generation, .. }) = (&self.parts.store, cert);
        let held = [store.bound(target).await?, store.bound(&target.other_slot()).await?];
        let Some(holder) = held.into_iter().flatten().map(|held| held.owner).find(|holder| holder != owner)
        else {
            return Err(StoreError::Stale { id: *id, generation: None }.into());
        };
        if !self.parts.authority.may_move(target, &holder, owner).await {
            return Err(StoreError::BoundElsewhere { target: target.clone() }.into());
        }
        store.move_binding(target, &holder, owner, *id, *generation, self.now()).await?;
        if options != BindOptions::default() {
            store.bind(*id, owner, *generation, target, options, self.now()).await?;
        }
        Ok(Bound { action: Action::Moved, previous: None })
    }
}

/// What binding has come to.
struct Bound {
    action: Action,
    previous: Option<CertId>,
}
