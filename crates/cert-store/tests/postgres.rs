//! The Postgres backend against the contract, plain and partitioned, and what is its own: its schema and connections.

use std::sync::Arc;

use async_trait::async_trait;
use cert_store::{CertStore, MemoryStore, PostgresConfig, PostgresStore, conformance::Fixture};

/// A schema of its own for each test. Without a server, and where none is required, the tests are those of memory.
struct Postgres(Option<PostgresConfig>, Arc<MemoryStore>);

impl Postgres {
    fn new() -> Self {
        let config = test_postgres::shared_url().map(|url| config(&url));
        Self(config, Arc::default())
    }

    fn partitioned() -> Self {
        let Self(config, memory) = Self::new();
        Self(config.map(|config| config.partitioned(4).expect("4 are possible")), memory)
    }
}

fn config(url: &str) -> PostgresConfig {
    let config: PostgresConfig = url.parse().expect("the URL parses");
    config.in_schema(&test_postgres::schema()).expect("the schema's name is fit")
}

#[async_trait]
impl Fixture for Postgres {
    async fn open(&self) -> Arc<dyn CertStore> {
        match &self.0 {
            Some(config) => Arc::new(PostgresStore::open(config).await.expect("the store opens")),
            None => self.1.clone(),
        }
    }

    fn is_durable(&self) -> bool {
        self.0.is_some()
    }
}

mod plain {
    use super::*;

    cert_store::conformance_tests!(Postgres::new);
}

mod partitioned {
    use super::*;

    cert_store::conformance_tests!(Postgres::partitioned);
}
