//! Where certificates are kept, as it is named on the command line and in the configuration.

use std::{fmt, path::PathBuf, sync::Arc};

use cert_service::with_causes;
use cert_store::{CertStore, MemoryStore, PostgresConfig, PostgresStore, SledStore};

use crate::{failure::Failure, files};

/// Where certificates are kept.
#[derive(Clone, Debug)]
pub(crate) enum StoreUrl {
    /// Nowhere: they are gone when the server stops.
    Memory,
    /// In a database that other nodes may have open, too.
    Postgres(Box<PostgresConfig>),
    /// In a folder of this machine.
    Sled(PathBuf),
}

impl StoreUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sled", path)) if !path.is_empty() => Ok(Self::Sled(path.into())),
            Some(("postgres" | "postgresql", _)) => {
                // The text itself may hold a password.
                let config = text.parse().map_err(|error| format!("store: {error}"))?;
                Ok(Self::Postgres(Box::new(config)))
            }
            _ => Err("store must be memory:, sled:PATH or postgres://USER@HOST/DATABASE".to_owned()),
        }
    }

    /// Opens the store: a folder is made, and the schema of a database is brought to this version.
    pub(crate) async fn open(&self) -> Result<Arc<dyn CertStore>, Failure> {
        match self {
            Self::Memory => Ok(Arc::new(MemoryStore::new())),
            Self::Postgres(config) => {
                let store = PostgresStore::open(config).await.map_err(|error| {
                    Failure::new(format!("cannot open the store {self}: {}", with_causes(&error)))
                })?;
                Ok(Arc::new(store))
            }
            Self::Sled(path) => {
                files::create_private_folder(path)?;
                let store = SledStore::open(path).map_err(|error| {
                    Failure::new(format!(
                        "cannot open the store {self}: {}\n  if a server has it open, stop that one",
                        with_causes(&error)
                    ))
                })?;
                Ok(Arc::new(store))
            }
        }
    }
}

impl StoreUrl {
    /// Has every reader of the store's changes start again: what it was restored from may lack what they have seen.
    pub(crate) async fn renew_epoch(&self) -> Result<(), Failure> {
        let failed = |error: &dyn std::error::Error| Failure::new(format!("{self}: {}", with_causes(error)));
        match self {
            Self::Memory => Err(Failure::new("a store in memory ends with its server: nothing restores it")),
            Self::Postgres(config) => {
                let store = PostgresStore::open(config).await.map_err(|error| failed(&error))?;
                store.renew_epoch().await.map_err(|error| failed(&error))
            }
            Self::Sled(path) => {
                let store = SledStore::open(path).map_err(|error| failed(&error))?;
                store.renew_epoch().await.map_err(|error| failed(&error))
            }
        }
    }
}

impl fmt::Display for StoreUrl {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Postgres(config) => config.fmt(f),
            Self::Sled(path) => write!(f, "sled:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StoreUrl;

    #[test]
    fn a_password_is_not_shown() {
        let url = StoreUrl::parse("postgres://u:sesame@h1,h2:5433/d?schema=s").unwrap();
        assert_eq!(url.to_string(), "postgres://u@h1,h2:5433/d (schema s)");
        for wrong in ["postgres://u:sesame@h/d?what=1", "postgres:u:sesame", "mysql://u:sesame@h"] {
            let error = StoreUrl::parse(wrong).unwrap_err();
            assert!(!error.contains("sesame"), "{error}");
        }
    }
}
