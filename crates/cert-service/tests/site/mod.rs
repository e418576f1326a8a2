//! A service on a store of the test's choice, with an authority that it trusts and a clock that the test moves.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex};

use cert_core::{
    ErrorCode, Timestamp, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};
use cert_service::{
    Action, Caller, CertService, Event, EventSink, FixedClock, KeyWrapper, LocalKeyRing, Plan, ServiceError,
    Upload,
};
use cert_store::{CertId, CertStore, MemoryStore, Quota, Target};

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);
pub(crate) const DAY: i64 = 86_400;

pub(crate) struct Site {
    pub(crate) certs: CertService,
    pub(crate) store: Arc<dyn CertStore>,
    pub(crate) ring: Arc<dyn KeyWrapper>,
    pub(crate) root: TestCa,
    pub(crate) authority: TestCa,
    pub(crate) clock: FixedClock,
    pub(crate) events: Log,
}

/// What was done, and to which certificate.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Noted>>>);

pub(crate) type Noted = (Action, Option<CertId>);

impl Log {
    pub(crate) fn taken(&self) -> Vec<Noted> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl EventSink for Log {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push((event.action, event.id()));
    }
}

impl Site {
    pub(crate) async fn new(live: u64) -> Self {
        let ring = LocalKeyRing::ephemeral().unwrap();
        Self::on(Arc::new(MemoryStore::new()), Arc::new(ring), live).await
    }

    pub(crate) async fn on(store: Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>, live: u64) -> Self {
        let root = TestCa::root("Root", NOW);
        let authority = root.intermediate("CA");
        let (clock, events) = (FixedClock::new(NOW), Log::default());
        let certs = CertService::builder_shared(Arc::clone(&store), Arc::clone(&ring))
            .policies(plan(&root, live))
            .clock(clock.clone())
            .events(events.clone())
            .build()
            .await
            .unwrap();
        Self { certs, store, ring, root, authority, clock, events }
    }

    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.authority.issue(&TestLeaf::new(&[name]))
    }

    /// A certificate for these names that ends so many days from [`NOW`].
    pub(crate) fn issue_until(&self, names: &[&str], days: i64) -> Issued {
        self.authority.issue(&TestLeaf::new(names).valid(NOW - DAY, NOW + days * DAY))
    }

    pub(crate) async fn store(&self, caller: &Caller, issued: &Issued) -> CertId {
        self.certs.upload(caller, upload(issued)).await.unwrap().id()
    }
}

pub(crate) fn plan(root: &TestCa, live: u64) -> Plan {
    Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust()))))
        .with_quota(Quota { live, total: 10 * live + 100 })
}

pub(crate) fn upload(issued: &Issued) -> Upload {
    Upload::pem(issued.chain_pem(), issued.key_pem())
}

pub(crate) fn alice() -> Caller {
    Caller::tenant("alice").unwrap()
}

pub(crate) fn bob() -> Caller {
    Caller::tenant("bob").unwrap()
}

pub(crate) fn cdn(domain: &str) -> Target {
    Target::cdn(domain.parse().unwrap())
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Option<ErrorCode> {
    result.expect_err("it is refused").code()
}
