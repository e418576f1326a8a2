//! The memory backend against the contract.

use std::sync::Arc;

use async_trait::async_trait;
use cert_store::{CertStore, MemoryStore, conformance::Fixture};

struct Memory(Arc<MemoryStore>);

#[async_trait]
impl Fixture for Memory {
    async fn open(&self) -> Arc<dyn CertStore> {
        self.0.clone()
    }
}

cert_store::conformance_tests!(|| Memory(Arc::new(MemoryStore::new())));
