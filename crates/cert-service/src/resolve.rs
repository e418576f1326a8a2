//! Resolving names, and what an edge may do.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use cert_core::DnsName;
use cert_store::{Binding, CertId, CertRecord, Event, FeedMarker, PageSize, StoreError, Target, TargetKind};

use crate::{Caller, CertService, NameView, PlainKey, Resolved, ServiceError, ViewStatus, name_view};

/// A certificate that is bound to a domain, with its key, as an edge serves it.
#[derive(Debug)]
pub struct BoundCert {
    /// The certificate in the version that the key belongs to.
    pub record: CertRecord,
    /// Its private key.
    pub key: PlainKey,
}

impl CertService {
    /// The view of all names, for lookups in a handshake. It is empty until something keeps it fresh:
    /// [`follow_names`](Self::follow_names) or [`refresh_names`](Self::refresh_names).
    pub fn names(&self) -> &NameView {
        &self.parts.names
    }

    /// How fresh that view is.
    pub fn names_status(&self) -> ViewStatus {
        self.parts.names.status_at(self.parts.clock.unix_millis())
    }

    /// Keeps the view of all names fresh, for as long as the future lives: spawn it. It reads what is bound, follows the
    /// changes, and goes on by itself after every failure of the store; meanwhile the view keeps what it has. One that
    /// is dropped is continued by the next.
    ///
    /// The runtime's own timer comes as an argument:
    ///
    /// ```
    /// # fn example(certs: cert_service::CertService) {
    /// let fresh = tokio::spawn(certs.follow_names(tokio::time::sleep));
    /// # }
    /// ```
    pub fn follow_names<Sleep, Slept>(
        &self,
        sleep: Sleep,
    ) -> impl Future<Output = Infallible> + Send + use<Sleep, Slept>
    where
        Sleep: Fn(Duration) -> Slept + Send + Sync,
        Slept: Future<Output = ()> + Send,
    {
        let parts = Arc::clone(&self.parts);
        async move { name_view::follow(&parts.names, &*parts.store, &*parts.clock, sleep).await }
    }

    /// Reads once what the view of all names lacks: for tests, and for those who have a rhythm of their own.
    ///
    /// # Errors
    /// [`ServiceError::Store`]; the view keeps what it has.
    pub async fn refresh_names(&self) -> Result<(), ServiceError> {
        Ok(self.parts.names.catch_up(&*self.parts.store, &*self.parts.clock).await?)
    }

    /// Which certificates serve a name now, as far as the view of all names has been read: for a handshake, which may not
    /// wait. See [`NameView::resolve`].
    pub fn lookup(&self, kind: TargetKind, name: &str) -> Option<Resolved> {
        self.parts.names.resolve(kind, name, self.now())
    }

    /// Which certificates serve a name: see [`NameView::resolve`]. Once the view has everything this asks the store
    /// for nothing, known name or unknown; before that, it asks the store.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an edge or an operator; [`ServiceError::Store`].
    pub async fn resolve(
        &self,
        caller: &Caller,
        kind: TargetKind,
        name: &DnsName,
    ) -> Result<Option<Resolved>, ServiceError> {
        self.over_bindings(caller)?;
        if self.parts.names.is_ready() {
            return Ok(self.lookup(kind, name.as_str()));
        }
        let exact = self.slots_of(kind, name.clone()).await?;
        let above = match name.covering_wildcard() {
            Some(wildcard) => self.slots_of(kind, wildcard).await?,
            None => Vec::new(),
        };
        Ok(name_view::resolve_among(&exact, &above, self.now()))
    }

    /// A certificate that is bound to a domain, with its key, for serving. What edges open is counted in
    /// [`edge_keys_opened`](Self::edge_keys_opened), and leaves no event each.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an edge, and for a certificate that no domain is bound to;
    /// 400401 for an id that nobody has; [`ServiceError::Store`], [`ServiceError::Seal`].
    pub async fn open_bound(&self, caller: &Caller, id: CertId) -> Result<BoundCert, ServiceError> {
        if !caller.is_edge() {
            return Err(ServiceError::NotAllowed);
        }
        let mut record = self.parts.store.get(id).await?;
        if self.parts.store.bindings(id).await?.is_empty() {
            return Err(ServiceError::NotAllowed);
        }
        let key = self.open_current(&mut record).await?;
        self.parts.edge_keys_opened.fetch_add(1, Ordering::Relaxed);
        Ok(BoundCert { record, key })
    }

    /// How many keys edges have opened through this service.
    pub fn edge_keys_opened(&self) -> u64 {
        self.parts.edge_keys_opened.load(Ordering::Relaxed)
    }

    /// All that is bound, behind `after`, in the order of the targets.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an edge or an operator; [`ServiceError::Store`].
    pub async fn bound_all(
        &self,
        caller: &Caller,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, ServiceError> {
        self.over_bindings(caller)?;
        Ok(self.parts.store.bound_all(after, size).await?)
    }

    /// The end of the feed of changes.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an edge or an operator; [`ServiceError::Store`].
    pub async fn head(&self, caller: &Caller) -> Result<FeedMarker, ServiceError> {
        self.over_bindings(caller)?;
        Ok(self.parts.store.head().await?)
    }

    /// What has changed behind a place in the feed, for all owners: renewal jobs and edges follow it.
    ///
    /// # Errors
    /// [`ServiceError::NotAllowed`] unless the caller is an edge or an operator. In [`ServiceError::Store`]
    /// `marker_too_old`: start again with [`head`](Self::head), read everything, then the changes behind that.
    pub async fn changes(
        &self,
        caller: &Caller,
        after: FeedMarker,
        size: PageSize,
    ) -> Result<Vec<Event>, ServiceError> {
        self.over_bindings(caller)?;
        Ok(self.parts.store.changes(after, size).await?)
    }

    async fn slots_of(&self, kind: TargetKind, domain: DnsName) -> Result<Vec<Binding>, StoreError> {
        let primary = Target { kind, ..Target::cdn(domain) };
        let alternate = primary.clone().alternate();
        let bound = [self.parts.store.bound(&primary).await?, self.parts.store.bound(&alternate).await?];
        Ok(bound.into_iter().flatten().collect())
    }
}
