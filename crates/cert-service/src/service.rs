//! The facade.

use std::sync::{Arc, atomic::AtomicU64};

use cert_core::Timestamp;
use cert_store::{CertId, CertRecord, CertStore, OwnerId};

use crate::{
    Action, Builder, Caller, Clock, DomainAuthority, Event, EventSink, Executor, KeyWrapper, NameView,
    Policies, ServiceError, Subject, clock, id_source::IdSource,
};

/// Certificates and their private keys, for many owners. Cheap to clone; clones are the same service.
///
/// Every call takes the [`Caller`] on whose behalf it acts. An id that nobody has is
/// [`NotFound`](cert_core::ErrorCode::NotFound); somebody else's is
/// [`NotPermitted`](cert_core::ErrorCode::NotPermitted). Dropping a call's future stores either all of it or nothing.
#[derive(Clone)]
pub struct CertService {
    pub(crate) parts: Arc<Parts>,
}

/// What a service is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn CertStore>,
    pub(crate) wrapper: Arc<dyn KeyWrapper>,
    pub(crate) policies: Arc<dyn Policies>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) authority: Arc<dyn DomainAuthority>,
    pub(crate) ids: IdSource,
    pub(crate) names: NameView,
    pub(crate) edge_keys_opened: AtomicU64,
}

impl CertService {
    /// Starts to build a service on any store and any wrapper of data keys.
    pub fn builder(store: impl CertStore + 'static, wrapper: impl KeyWrapper + 'static) -> Builder {
        Self::builder_shared(Arc::new(store), Arc::new(wrapper))
    }

    /// As [`builder`](Self::builder), for a store or a wrapper that is chosen at run time.
    pub fn builder_shared(store: Arc<dyn CertStore>, wrapper: Arc<dyn KeyWrapper>) -> Builder {
        Builder::new(store, wrapper)
    }

    pub(crate) fn from_parts(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        clock::now(&*self.parts.clock)
    }

    /// The owner that a call without an id is about.
    pub(crate) fn owner_of<'a>(&self, caller: &'a Caller) -> Result<&'a OwnerId, ServiceError> {
        not_edge(caller)?;
        caller.owner().ok_or(ServiceError::OwnerRequired)
    }

    /// What concerns all owners is an operator's.
    pub(crate) fn over_all(&self, caller: &Caller) -> Result<(), ServiceError> {
        if caller.is_over_all() { Ok(()) } else { Err(ServiceError::NotAllowed) }
    }

    /// What is bound, whoever owns it, is for edges and operators.
    pub(crate) fn over_bindings(&self, caller: &Caller) -> Result<(), ServiceError> {
        if caller.is_edge() { Ok(()) } else { self.over_all(caller) }
    }

    /// The record, if there is one and the caller may touch it.
    ///
    /// An owner never changes, so that what is done next with the id cannot race this check.
    pub(crate) async fn owned(&self, caller: &Caller, id: CertId) -> Result<CertRecord, ServiceError> {
        not_edge(caller)?;
        let record = self.parts.store.get(id).await?;
        if caller.may_act_on(&record.summary.owner) { Ok(record) } else { Err(ServiceError::NotOwner { id }) }
    }

    pub(crate) fn record(&self, caller: &Caller, action: Action, owner: &OwnerId, id: CertId) {
        self.note(caller, action, Subject::Cert { owner, id, target: None });
    }

    pub(crate) fn note(&self, caller: &Caller, action: Action, subject: Subject<'_>) {
        self.parts.events.record(&Event { at: self.now(), caller, action, subject });
    }
}

/// An edge's calls are its own; these are for owners and operators.
fn not_edge(caller: &Caller) -> Result<(), ServiceError> {
    if caller.is_edge() { Err(ServiceError::NotAllowed) } else { Ok(()) }
}

impl std::fmt::Debug for CertService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertService").finish_non_exhaustive()
    }
}

/// Changes by others that may come between reading a certificate and acting on it. More than one in a row is
/// unheard of.
pub(crate) const ATTEMPTS: u8 = 4;
