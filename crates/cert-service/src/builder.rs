//! Putting a service together.

use std::sync::{Arc, atomic::AtomicU64};

use cert_store::CertStore;

use crate::{
    AuditLog, CertService, Clock, DomainAuthority, EventSink, Executor, Inline, KeyWrapper, NameView, Plan,
    Policies, ServiceError, SystemClock, authority::FirstComeOnly, canary, clock, id_source::IdSource,
    service::Parts,
};

/// A [`CertService`] in the making: a store and a key ring, and what else is not to be as it is by default.
#[must_use]
pub struct Builder {
    store: Arc<dyn CertStore>,
    wrapper: Arc<dyn KeyWrapper>,
    policies: Arc<dyn Policies>,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    executor: Arc<dyn Executor>,
    authority: Arc<dyn DomainAuthority>,
}

impl Builder {
    pub(crate) fn new(store: Arc<dyn CertStore>, wrapper: Arc<dyn KeyWrapper>) -> Self {
        Self {
            store,
            wrapper,
            policies: Arc::new(Plan::default()),
            clock: Arc::new(SystemClock),
            events: Arc::new(AuditLog),
            executor: Arc::new(Inline),
            authority: Arc::new(FirstComeOnly),
        }
    }

    /// Validation policy and limits by owner; [`Plan::default`] for everybody by default.
    pub fn policies(mut self, policies: impl Policies + 'static) -> Self {
        self.policies = Arc::new(policies);
        self
    }

    /// The source of the present instant; the system's clock by default.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes note of what is done; [`AuditLog`] by default.
    pub fn events(mut self, events: impl EventSink + 'static) -> Self {
        self.events = Arc::new(events);
        self
    }

    /// Where decoding and validation run; [`Inline`] by default.
    pub fn executor(mut self, executor: impl Executor + 'static) -> Self {
        self.executor = Arc::new(executor);
        self
    }

    /// Who decides whether a domain may move from one owner to another; by default none does.
    pub fn authority(mut self, authority: impl DomainAuthority + 'static) -> Self {
        self.authority = Arc::new(authority);
        self
    }

    /// The service, once the key ring has been seen to open what the store keeps.
    ///
    /// The first service on an empty store leaves a canary there, which every later one must open: two nodes can
    /// never begin with two rings.
    ///
    /// # Errors
    /// [`ServiceError::WrongRing`] where the ring does not open the canary; [`ServiceError::Store`] and
    /// [`ServiceError::Seal`] where store or ring cannot be asked.
    pub async fn build(self) -> Result<CertService, ServiceError> {
        canary::prove(&*self.store, &*self.wrapper, clock::now(&*self.clock)).await?;
        Ok(CertService::from_parts(Parts {
            store: self.store,
            wrapper: self.wrapper,
            policies: self.policies,
            clock: self.clock,
            events: self.events,
            executor: self.executor,
            authority: self.authority,
            ids: IdSource::default(),
            names: NameView::new(),
            edge_keys_opened: AtomicU64::new(0),
        }))
    }
}
