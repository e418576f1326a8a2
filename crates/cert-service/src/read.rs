//! Reading, listing and deleting what is stored.

use cert_store::{CertId, CertRecord, CertSummary, FindBy, Marker, MarkerCall, PageSize, Usage};

use crate::{
    Action, Caller, CertService, PlainKey, ServiceError,
    sealing::{self, SealContext},
};

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    certs: Vec<CertSummary>,
    marker: Option<String>,
}

impl Page {
    /// The certificates, in the order of their ids, which is that of their upload.
    pub fn certs(&self) -> &[CertSummary] {
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
        let record = self.owned(caller, id).await?;
        let sealed = self.parts.store.sealed_key(id, record.generation).await?;
        let spki = &record.leaf.spki_fingerprint;
        let context = SealContext::new(&record.owner, id, record.generation, spki);
        let key = sealing::open(&*self.parts.wrapper, &context, &sealed).await?;
        self.record(caller, Action::KeyRead, &record.owner, id);
        Ok(key)
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
    /// As [`get`](Self::get), and 400611 or 400911 while it is bound.
    pub async fn delete(&self, caller: &Caller, id: CertId) -> Result<(), ServiceError> {
        let record = self.owned(caller, id).await?;
        self.parts.store.delete_if_unbound(id, &record.owner, self.now()).await?;
        self.record(caller, Action::Deleted, &record.owner, id);
        Ok(())
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
            Ok(_) | Err(cert_store::StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
