//! Everything out and in again, sealed keys as they are.
//!
//! [`migrate`](cert_store::migrate()) of the store carries a whole store to another and compares the two. These calls
//! are for those who can only reach a service.

use cert_store::{Entry, EntryKey, PageSize};

use crate::{Action, Caller, CertService, ServiceError, Subject, canary};

impl CertService {
    /// What the store has behind `after`, in the order of the entries' keys; an empty page is the end. No key is
    /// opened.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an operator who acts for nobody in particular;
    /// [`ServiceError::Store`].
    pub async fn export(
        &self,
        caller: &Caller,
        after: Option<&EntryKey>,
        size: PageSize,
    ) -> Result<Vec<Entry>, ServiceError> {
        self.over_all(caller)?;
        let entries = self.parts.store.export(after, size).await?;
        if after.is_none() {
            self.note(caller, Action::Exported, Subject::Store);
        }
        Ok(entries)
    }

    /// Puts an exported entry back, and says whether it was new. What was exported came from a service with a canary
    /// of its own: that one is not taken over, but it must open under this service's key ring, as the keys must.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] as for [`export`](Self::export); [`ServiceError::WrongRing`] for the canary of
    /// another ring; in [`ServiceError::Store`] `conflict` where something else stands in its place.
    pub async fn import(&self, caller: &Caller, entry: Entry) -> Result<bool, ServiceError> {
        self.over_all(caller)?;
        if let Entry::Claim { name, value } = &entry
            && name.as_str() == canary::CLAIM
        {
            canary::open(&*self.parts.wrapper, value).await?;
            return Ok(false);
        }
        let subject = match &entry {
            Entry::Cert(cert) => Some((cert.summary.owner.clone(), cert.summary.id)),
            _ => None,
        };
        let is_new = self.parts.store.import(entry, self.now()).await?;
        if is_new {
            let subject = subject.as_ref().map_or(Subject::Store, |(owner, id)| Subject::Cert {
                owner,
                id: *id,
                target: None,
            });
            self.note(caller, Action::Imported, subject);
        }
        Ok(is_new)
    }
}
