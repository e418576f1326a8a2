//! Rotating key-encryption keys: data keys are wrapped anew, private keys stay sealed.

use cert_store::{CertId, Generation, KekId, PageSize, SealedUnder, StoreError};

use crate::{
    Action, Caller, CertService, ServiceError, Subject, canary,
    sealing::{self, SealContext},
};

/// How far a rewrap has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewrapped {
    /// Keys that are under the active key-encryption key now and were not before.
    pub keys: u64,
    /// Records that do not open under it, since they were altered: they stay, and it cannot be retired until their
    /// certificates are deleted or replaced.
    pub damaged: u64,
    /// The last one that was looked at.
    pub last: Option<(CertId, Generation)>,
}

impl CertService {
    /// Wraps every data key that is under `from`, of every generation that is kept, under the active key-encryption key,
    /// and the store's canary at the end. No private key is opened. It may run beside everything else, and on several
    /// nodes.
    ///
    /// A run that was interrupted is resumed by calling again: what has been rewrapped is found no more. `progress` is
    /// told after each page. When it returns, one whole look has found nothing under `from`; another node whose ring
    /// still has it active may have added something since, which [`retire`](Self::retire) tells.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an operator who acts for nobody in particular;
    /// [`ServiceError::ActiveKek`] where `from` is the active one; [`ServiceError::Seal`] where a data key cannot be
    /// wrapped: what came before stays done; [`ServiceError::Store`], with `kek_retired` where the active one was
    /// retired.
    pub async fn rewrap(
        &self,
        caller: &Caller,
        from: &KekId,
        progress: &mut (dyn FnMut(Rewrapped) + Send),
    ) -> Result<Rewrapped, ServiceError> {
        self.over_all(caller)?;
        let active = self.active_unless(from).await?;
        let (mut done, mut after, mut before_walk) = (Rewrapped::default(), None, 0);
        loop {
            let page = self.parts.store.sealed_under(from, after, PageSize::default()).await?;
            let Some(last) = page.last() else {
                // What others have put behind the walk since takes another one, until one finds nothing to do.
                if after.is_none() || done.keys == before_walk {
                    break;
                }
                (after, before_walk, done.damaged) = (None, done.keys, 0);
                continue;
            };
            after = Some((last.id, last.generation));
            for sealed in &page {
                self.rewrap_one(sealed, from, &active, &mut done).await?;
            }
            done.last = after;
            progress(done);
        }
        canary::rewrap(&*self.parts.store, &*self.parts.wrapper, from, &active, self.now()).await?;
        self.note(caller, Action::Rewrapped, Subject::Kek(from));
        Ok(done)
    }

    /// Retires a key-encryption key for good: when this returns, nothing is sealed under it, and no node will ever
    /// store a key that is. Backups are outside that promise.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] as for [`rewrap`](Self::rewrap); [`ServiceError::ActiveKek`] for the active one; in
    /// [`ServiceError::Store`] `kek_in_use` while keys are sealed under it: rewrap them first.
    pub async fn retire(&self, caller: &Caller, kek: &KekId) -> Result<(), ServiceError> {
        self.over_all(caller)?;
        let active = self.active_unless(kek).await?;
        canary::rewrap(&*self.parts.store, &*self.parts.wrapper, kek, &active, self.now()).await?;
        self.parts.store.retire(kek, self.now()).await?;
        self.note(caller, Action::Retired, Subject::Kek(kek));
        Ok(())
    }

    async fn active_unless(&self, kek: &KekId) -> Result<KekId, ServiceError> {
        let active = self.parts.wrapper.active().await.map_err(sealing::SealError::from)?;
        if active == *kek { Err(ServiceError::ActiveKek { kek: active }) } else { Ok(active) }
    }

    /// Another call may have come first, or the version may be gone: then there is nothing to do.
    async fn rewrap_one(
        &self,
        sealed: &SealedUnder,
        from: &KekId,
        to: &KekId,
        done: &mut Rewrapped,
    ) -> Result<(), ServiceError> {
        let (store, SealedUnder { id, generation, owner, spki_fingerprint }) = (&self.parts.store, sealed);
        let standing = match store.sealed_key(*id, *generation).await {
            Err(StoreError::NotFound { .. }) => return Ok(()),
            standing => standing?,
        };
        if standing.kek_id() != from {
            return Ok(());
        }
        let context = SealContext::new(owner, *id, *generation, spki_fingerprint);
        let rewrapped = match sealing::rewrap(&*self.parts.wrapper, &context, &standing, to).await {
            Err(error) if error.is_damage() => {
                tracing::error!(%id, %generation, %error, "a sealed key cannot be rewrapped");
                done.damaged += 1;
                return Ok(());
            }
            rewrapped => rewrapped?,
        };
        match store.rewrap(*id, *generation, from, rewrapped, self.now()).await {
            Ok(()) => done.keys += 1,
            Err(StoreError::NotFound { .. } | StoreError::Stale { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
