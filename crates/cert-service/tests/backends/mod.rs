//! The stores that a test runs on. Another one needs a function here and a line in the macro.
#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses a part of it")]

use std::{any::Any, sync::Arc};

use cert_store::{CertStore, MemoryStore, PostgresConfig, PostgresStore, SledStore};

/// An empty store, and what has to live as long.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn CertStore>,
    _kept: Box<dyn Any + Send>,
}

pub(crate) async fn memory() -> Fresh {
    Fresh { store: Arc::new(MemoryStore::new()), _kept: Box::new(()) }
}

pub(crate) async fn sled() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh { store: Arc::new(SledStore::open(folder.path()).unwrap()), _kept: Box::new(folder) }
}

/// A schema of its own. Without a server, and where none is required, memory once more.
pub(crate) async fn postgres() -> Fresh {
    let Some(url) = test_postgres::shared_url() else {
        return memory().await;
    };
    let config: PostgresConfig = url.parse().unwrap();
    let config = config.in_schema(&test_postgres::schema()).unwrap();
    Fresh { store: Arc::new(PostgresStore::open(&config).await.unwrap()), _kept: Box::new(()) }
}

/// Makes tests of asynchronous functions that take a function for an empty store.
macro_rules! on_every_backend {
    ($($case:ident),+ $(,)?) => {
        on_every_backend! { @on memory $($case)+ }
        on_every_backend! { @on postgres $($case)+ }
        on_every_backend! { @on sled $($case)+ }
    };
    (@on $backend:ident $($case:ident)+) => {
        mod $backend {
            $(
                #[test]
                fn $case() {
                    let runtime = tokio::runtime::Builder::new_multi_thread()
                        .worker_threads(4)
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(super::$case(super::backends::$backend));
                }
            )+
        }
    };
}
pub(crate) use on_every_backend;
