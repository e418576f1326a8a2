//! Putting a service together.

use std::sync::{Arc, atomic::AtomicU64};

use cert_store::{CertStore, ClaimName};

use crate::{
    AuditLog, CertService, Clock, EventSink, Executor, Inline, KeyWrapper, NameView, Plan, Policies,
    ServiceError, SystemClock, clock, id_source::IdSource, sealing, service::Parts,
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

    /// The service, once the key ring has been seen to open what the store keeps.
    ///
    /// The first service on an empty store leaves a canary there, which every later one must open: two nodes can
    /// never begin with two rings.
    ///
    /// # Errors
    /// [`ServiceError::WrongRing`] where the ring does not open the canary; [`ServiceError::Store`] and
    /// [`ServiceError::Seal`] where store or ring cannot be asked.
    pub async fn build(self) -> Result<CertService, ServiceError> {
        self.prove_ring().await?;
        Ok(CertService::from_parts(Parts {
            store: self.store,
            wrapper: self.wrapper,
            policies: self.policies,
            clock: self.clock,
            events: self.events,
            executor: self.executor,
            ids: IdSource::default(),
            names: NameView::new(),
            edge_keys_opened: AtomicU64::new(0),
        }))
    }

    async fn prove_ring(&self) -> Result<(), ServiceError> {
        let canary = sealing::seal_canary(&*self.wrapper).await?;
        #[expect(clippy::expect_used, reason = "a constant of the right characters")]
        let name = ClaimName::new(CANARY_CLAIM).expect("lower-case letters and a hyphen");
        let now = clock::now(&*self.clock);
        let standing = self.store.claim(&name, None, canary.as_bytes(), now).await?;
        match sealing::open_canary(&*self.wrapper, &standing).await {
            Err(source) if source.is_final() => Err(ServiceError::WrongRing { source }),
            other => Ok(other?),
        }
    }
}

/// The claim under which a store keeps its canary.
const CANARY_CLAIM: &str = "ring-canary";
