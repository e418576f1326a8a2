//! A service on a store that can fail, an edge on it, and the example's server in front of an upstream.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod client;
#[path = "../../examples/edge.rs"]
pub(crate) mod example;
#[path = "../../../cert-service/tests/faulty/mod.rs"]
pub(crate) mod faulty;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use cert_core::{
    KeyType, Timestamp, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};
use cert_rustls::{Builder, Edge};
use cert_service::{Caller, CertService, KeyWrapper, LocalKeyRing, Plan, SystemClock, Upload, now};
use cert_store::{BindOptions, CertId, CertStore, MemoryStore, Quota, Target};
use faulty::Faulty;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) const DAY: i64 = 86_400;
pub(crate) const RSA: KeyType = KeyType::Rsa { bits: 2048 };

pub(crate) struct Site {
    pub(crate) certs: CertService,
    pub(crate) store: Arc<Faulty>,
    pub(crate) ring: Arc<dyn KeyWrapper>,
    pub(crate) root: TestCa,
    authority: TestCa,
    pub(crate) now: Timestamp,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::on(MemoryStore::new()).await
    }

    pub(crate) async fn on(store: impl CertStore + 'static) -> Self {
        Self::on_shared(Arc::new(store)).await
    }

    pub(crate) async fn on_shared(store: Arc<dyn CertStore>) -> Self {
        Self::on_ring(store, Arc::new(LocalKeyRing::ephemeral().unwrap())).await
    }

    pub(crate) async fn on_ring(store: Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>) -> Self {
        let (store, now) = (Arc::new(Faulty::shared(store)), now(&SystemClock));
        let root = TestCa::root("Root", now);
        let authority = root.intermediate("CA");
        let certs = service(Arc::clone(&store) as _, Arc::clone(&ring), &root).await;
        Self { certs, store, ring, root, authority, now }
    }

    /// Another service on the same store, as another machine has it.
    pub(crate) async fn another_service(&self) -> CertService {
        service(Arc::clone(&self.store) as _, Arc::clone(&self.ring), &self.root).await
    }

    /// A certificate that ends so many days from now.
    pub(crate) fn issue(&self, names: &[&str], key_type: KeyType, days: i64) -> Issued {
        let valid = (self.now - DAY, self.now + days * DAY);
        self.authority.issue(&TestLeaf::new(names).key_type(key_type).valid(valid.0, valid.1))
    }

    /// Stores a certificate for these names, and binds it to each.
    pub(crate) async fn serve(&self, names: &[&str], issued: &Issued) -> CertId {
        let id = self.certs.upload(&alice(), upload(issued)).await.unwrap().id();
        for name in names {
            self.bind(id, cdn(name)).await;
        }
        id
    }

    pub(crate) async fn bind(&self, id: CertId, target: Target) {
        self.certs.bind(&alice(), id, &target, BindOptions::default()).await.unwrap();
    }

    pub(crate) fn edge(&self) -> Builder {
        Edge::builder(self.certs.clone(), provider())
    }

    /// An edge that has read everything, and reads on by itself.
    pub(crate) async fn running(&self) -> Edge {
        let edge = self.edge().build();
        self.certs.refresh_names().await.unwrap();
        tokio::spawn(edge.run(tokio::time::sleep));
        edge
    }
}

async fn service(store: Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>, root: &TestCa) -> CertService {
    let policy = ValidationPolicy::new(Arc::new(root.trust()));
    let plan = Plan::new(Arc::new(policy)).with_quota(Quota { live: 100_000, total: 100_000 });
    CertService::builder_shared(store, ring).policies(plan).build().await.unwrap()
}

/// The example's server, before an upstream that says back what it hears, and answers HTTP.
pub(crate) async fn listen(edge: &Edge) -> SocketAddr {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream_address = upstream.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (stream, _) = upstream.accept().await.unwrap();
            tokio::spawn(answer(stream));
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(example::serve(edge.clone(), listener, upstream_address.into()));
    address
}

async fn answer(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let said = &buffer[..length];
        if said.starts_with(b"GET ") {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                .await;
            return;
        }
        if stream.write_all(said).await.is_err() {
            return;
        }
    }
}

/// Waits until something holds; it fails if that never comes.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(crate) fn alice() -> Caller {
    Caller::tenant("alice").unwrap()
}

pub(crate) fn cdn(domain: &str) -> Target {
    Target::cdn(domain.parse().unwrap())
}

pub(crate) fn upload(issued: &Issued) -> Upload {
    Upload::pem(issued.chain_pem(), issued.key_pem())
}
