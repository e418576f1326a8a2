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

pub const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);
pub const DAY: i64 = 86_400;

pub struct Site {
    pub certs: CertService,
    pub store: Arc<dyn CertStore>,
    pub ring: Arc<dyn KeyWrapper>,
    pub root: TestCa,
    pub authority: TestCa,
    pub clock: FixedClock,
    pub events: Log,
}

/// What was done, and to which certificate.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(Action, Option<CertId>)>>>);

impl Log {
    pub fn taken(&self) -> Vec<(Action, Option<CertId>)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl EventSink for Log {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push((event.action, event.id()));
    }
}

impl Site {
    pub async fn new(live: u64) -> Self {
        let ring = LocalKeyRing::ephemeral().unwrap();
        Self::on(Arc::new(MemoryStore::new()), Arc::new(ring), live).await
    }

    pub async fn on(store: Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>, live: u64) -> Self {
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

    pub fn issue(&self, name: &str) -> Issued {
        self.authority.issue(&TestLeaf::new(&[name]))
    }

    /// A certificate for these names that ends so many days from [`NOW`].
    pub fn issue_until(&self, names: &[&str], days: i64) -> Issued {
        self.authority.issue(&TestLeaf::new(names).valid(NOW - DAY, NOW + days * DAY))
    }

    pub async fn store(&self, caller: &Caller, issued: &Issued) -> CertId {
        self.certs.upload(caller, upload(issued)).await.unwrap().id()
    }
}

pub fn plan(root: &TestCa, live: u64) -> Plan {
    Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust()))))
        .with_quota(Quota { live, total: 10 * live + 100 })
}

pub fn upload(issued: &Issued) -> Upload {
    Upload::pem(issued.chain_pem(), issued.key_pem())
}

pub fn alice() -> Caller {
    Caller::tenant("alice").unwrap()
}

pub fn bob() -> Caller {
    Caller::tenant("bob").unwrap()
}

pub fn cdn(domain: &str) -> Target {
    Target::cdn(domain.parse().unwrap())
}

pub fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> Option<ErrorCode> {
    result.expect_err("it is refused").code()
}
