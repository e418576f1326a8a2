//! Which certificate serves which domain.

use cert_store::{BindOptions, Binding, CertId, StoreError, Target};

use crate::{Action, Caller, CertService, ServiceError, service::ATTEMPTS};

impl CertService {
    /// Lets a certificate serve a domain, and returns the one that did before, if another did. It then cannot be
    /// deleted. A domain that has a certificate of the same owner is re-pointed at once.
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
            let record = self.owned(caller, id).await?;
            let (owner, store) = (&record.owner, &self.parts.store);
            match store.bind(id, owner, record.generation, target, options, self.now()).await {
                // It was replaced since it was read: what stands now is meant.
                Err(StoreError::Stale { .. }) if attempts.next().is_some() => {}
                Err(error) => return Err(error.into()),
                Ok(previous) => {
                    self.record(caller, Action::Bound, owner, id);
                    return Ok(previous);
                }
            }
        }
    }

    /// Frees a domain, and returns the certificate that served it, if one did.
    ///
    /// # Errors
    /// [`ServiceError::OwnerRequired`]; 404908 (`bound_elsewhere`) where another owner holds the domain.
    pub async fn unbind(&self, caller: &Caller, target: &Target) -> Result<Option<CertId>, ServiceError> {
        let owner = self.owner_of(caller)?;
        let freed = self.parts.store.unbind(target, owner, self.now()).await?;
        if let Some(id) = freed {
            self.record(caller, Action::Unbound, owner, id);
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
}
