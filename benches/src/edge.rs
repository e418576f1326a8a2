//! Sites for edges: many domains with certificates, in any store.

use std::sync::Arc;

use cert_core::{
    KeyType, Timestamp, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};
use cert_service::{Caller, CertService, KeyWrapper, Plan, SystemClock, Upload};
use cert_store::{BindOptions, CertId, CertStore, Generation, Quota, Target};
use futures_util::{StreamExt as _, stream};

/// An authority, and a service that trusts it.
pub struct Site {
    /// The authority's root.
    pub root: TestCa,
    /// The service.
    pub certs: CertService,
    authority: TestCa,
    now: Timestamp,
}

impl Site {
    /// On a store and a ring of one's own.
    ///
    /// # Panics
    /// Where the ring does not fit the store.
    pub async fn new(store: Arc<dyn CertStore>, ring: Arc<dyn KeyWrapper>) -> Self {
        let now = cert_service::now(&SystemClock);
        let root = TestCa::root("Bench Root", now);
        let authority = root.intermediate("Bench CA");
        let policy = ValidationPolicy::new(Arc::new(root.trust()));
        let plan = Plan::new(Arc::new(policy)).with_quota(Quota::UNLIMITED);
        let certs = CertService::builder_shared(store, ring).policies(plan).build().await;
        Self { root, authority, certs: certs.expect("the ring fits the store"), now }
    }

    /// Stores so many certificates, each bound to `names` names below a domain of its own: `n0.site-17.example.com`.
    ///
    /// RSA keys are made slowly: a few serve all in turn.
    ///
    /// # Panics
    /// Where the store fails.
    pub async fn fill(&self, count: usize, names: usize, key_type: KeyType) {
        let keys: Vec<Issued> = match key_type {
            KeyType::Rsa { .. } => {
                (0..8).map(|_| self.authority.issue(&self.leaf(0, names, key_type))).collect()
            }
            _ => Vec::new(),
        };
        let shared = &keys;
        stream::iter(0..count)
            .for_each_concurrent(64, |number| async move {
                let leaf = self.leaf(number, names, key_type);
                let issued = match shared.get(number % shared.len().max(1)) {
                    Some(key) => self.authority.reissue(&leaf, key),
                    None => self.authority.issue(&leaf),
                };
                let id = self.store(&issued).await;
                for name in 0..names {
                    self.bind(id, &name_of(number, name)).await;
                }
            })
            .await;
    }

    /// Stores a certificate.
    ///
    /// # Panics
    /// Where the store fails.
    pub async fn store(&self, issued: &Issued) -> CertId {
        let upload = Upload::pem(issued.chain_pem(), issued.key_pem());
        self.certs.upload(&owner(), upload).await.expect("it is valid").id()
    }

    /// A certificate for a name, with an EC key.
    pub fn issue(&self, name: &str) -> Issued {
        self.authority.issue(&TestLeaf::new(&[name]))
    }

    /// Replaces a certificate, and says by which generation.
    ///
    /// # Panics
    /// Where the store fails.
    pub async fn replace(&self, id: CertId, issued: &Issued) -> Generation {
        let upload = Upload::pem(issued.chain_pem(), issued.key_pem());
        let replaced = self.certs.replace(&owner(), id, upload, None).await;
        replaced.expect("it covers the same name").generation()
    }

    /// Binds a certificate to a name.
    ///
    /// # Panics
    /// Where the store fails.
    pub async fn bind(&self, id: CertId, name: &str) {
        let target = Target::cdn(name.parse().expect("a host name"));
        self.certs.bind(&owner(), id, &target, BindOptions::default()).await.expect("it covers the name");
    }

    /// What a site has: a name of its own, or a wildcard where it has many names.
    fn leaf(&self, number: usize, names: usize, key_type: KeyType) -> TestLeaf {
        let (name, wildcard) = (name_of(number, 0), format!("*.site-{number}.example.com"));
        let name = if names == 1 { name } else { wildcard };
        TestLeaf::new(&[&name]).key_type(key_type).valid(self.now - 86_400, self.now + 365 * 86_400)
    }
}

/// A name of a site.
pub fn name_of(site: usize, name: usize) -> String {
    format!("n{name}.site-{site}.example.com")
}

fn owner() -> Caller {
    Caller::tenant("bench").expect("a good name")
}
