//! Reading, listing and deleting what is stored.

use std::sync::Arc;

use cert_core::DnsName;
use cert_store::{
    CertId, CertRecord, CertSummary, FindBy, Generation, LeafFacts, Marker, MarkerCall, OwnerId, PageSize,
    StoreError, Usage,
};

use crate::{
    Action, Caller, CertService, PlainKey, ServiceError,
    sealing::{self, SealContext},
    service::ATTEMPTS,
};

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    certs: Vec<Arc<CertSummary>>,
    marker: Option<String>,
}

impl Page {
    /// The certificates, in the order of their ids, which is that of their upload.
    pub fn certs(&self) -> &[Arc<CertSummary>] {
        &self.certs
    }

    /// Where the next page starts; `None` after an empty one. A page that is not empty has a marker even where
    /// nothing follows it yet.
    pub fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }
}

impl CertService {
    /// A certificate without its key.
    ///
    /// # Errors
    /// 400401 for an id that nobody has, 404908 for another owner's; [`ServiceError::Store`].
    pub async fn get(&self, caller: &Caller, id: CertId) -> Result<CertRecord, ServiceError> {
        self.owned(caller, id).await
    }

    /// The private key in the clear. It leaves an event.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`ServiceError::Seal`] where the key does not open: it was altered or moved, or
    /// the ring lacks its key-encryption key.
    pub async fn private_key(&self, caller: &Caller, id: CertId) -> Result<PlainKey, ServiceError> {
        Ok(self.get_with_key(caller, id).await?.1)
    }

    /// A certificate and its private key in the clear, both of one version. It leaves an event.
    ///
    /// # Errors
    /// As [`private_key`](Self::private_key).
    pub async fn get_with_key(
        &self,
        caller: &Caller,
        id: CertId,
    ) -> Result<(CertRecord, PlainKey), ServiceError> {
        let mut record = self.owned(caller, id).await?;
        let key = self.open_current(&mut record).await?;
        self.record(caller, Action::KeyRead, &record.summary.owner, id);
        Ok((record, key))
    }

    /// The key of the version that stands. `record` is read anew where that version is gone already, as two
    /// replacements in between can have it.
    pub(crate) async fn open_current(&self, record: &mut CertRecord) -> Result<PlainKey, ServiceError> {
        let mut attempts = 0..ATTEMPTS;
        loop {
            let CertSummary { id, ref owner, generation, ref leaf, .. } = *record.summary;
            match self.open_generation(owner, id, generation, leaf).await {
                Err(ServiceError::Store(StoreError::NotFound { .. })) if attempts.next().is_some() => {
                    *record = self.parts.store.get(id).await?;
                }
                opened => return opened,
            }
        }
    }

    /// The key of a generation that is kept.
    pub(crate) async fn open_generation(
        &self,
        owner: &OwnerId,
        id: CertId,
        generation: Generation,
        leaf: &LeafFacts,
    ) -> Result<PlainKey, ServiceError> {
        let sealed = self.parts.store.sealed_key(id, generation).await?;
        let context = SealContext::new(owner, id, generation, &leaf.spki_fingerprint);
        Ok(sealing::open(&*self.parts.wrapper, &context, &sealed).await?)
    }

    /// The owner's certificates, from the start or after the page that gave `marker`.
    ///
    /// # Errors
    /// [`ServiceError::Marker`]: 404908 for a marker of another owner's list, no code for a garbled one.
    /// [`ServiceError::OwnerRequired`], [`ServiceError::Store`].
    pub async fn page(
        &self,
        caller: &Caller,
        marker: Option<&str>,
        size: PageSize,
    ) -> Result<Page, ServiceError> {
        let owner = self.owner_of(caller)?;
        let after = marker.map(|text| Marker::parse(text, MarkerCall::Page, owner)).transpose()?;
        let certs = self.parts.store.page(owner, after, size).await?;
        let marker = certs.last().map(|last| Marker::encode(MarkerCall::Page, owner, last.id));
        Ok(Page { certs, marker })
    }

    /// As [`page`](Self::page), but only the certificates that `by` describes.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn find(
        &self,
        caller: &Caller,
        by: &FindBy,
        marker: Option<&str>,
        size: PageSize,
    ) -> Result<Page, ServiceError> {
        let owner = self.owner_of(caller)?;
        let after = marker.map(|text| Marker::parse(text, MarkerCall::Find, owner)).transpose()?;
        let certs = self.parts.store.find(owner, by, after, size).await?;
        let marker = certs.last().map(|last| Marker::encode(MarkerCall::Find, owner, last.id));
        Ok(Page { certs, marker })
    }

    /// Deletes a certificate and its key, unless a domain uses it.
    ///
    /// # Errors
    /// As [`get`](Self::get), and [`ServiceError::StillBound`] (400611 or 400911) while it is bound.
    pub async fn delete(&self, caller: &Caller, id: CertId) -> Result<(), ServiceError> {
        let record = self.owned(caller, id).await?;
        match self.parts.store.delete_if_unbound(id, &record.summary.owner, self.now()).await {
            Err(source @ StoreError::StillBound { .. }) => {
                Err(ServiceError::StillBound { domains: self.some_domains(id).await, source })
            }
            deleted => {
                deleted?;
                self.record(caller, Action::Deleted, &record.summary.owner, id);
                Ok(())
            }
        }
    }

    /// Domains that a certificate serves, for an error that says who stands in the way: as many as help, and none
    /// where they cannot be read.
    async fn some_domains(&self, id: CertId) -> Vec<DnsName> {
        let bindings = self.parts.store.bindings(id).await.unwrap_or_default();
        let mut domains: Vec<_> = bindings.into_iter().map(|binding| binding.target.domain).collect();
        domains.sort_unstable();
        domains.dedup();
        domains.truncate(SHOWN_DOMAINS);
        domains
    }

    /// How many certificates the owner has.
    ///
    /// # Errors
    /// [`ServiceError::OwnerRequired`], [`ServiceError::Store`].
    pub async fn usage(&self, caller: &Caller) -> Result<Usage, ServiceError> {
        Ok(self.parts.store.usage(self.owner_of(caller)?, self.now()).await?)
    }

    /// Whether the store answers: what a load balancer asks.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn ready(&self) -> Result<(), ServiceError> {
        match self.parts.store.get(CertId([0; 12])).await {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Domains that an error names.
const SHOWN_DOMAINS: usize = 10;
