//! What a failure of Postgres means.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::{BackendError, StoreError};

pub(super) const BACKEND: &str = "postgres";

/// Why a store in Postgres cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresOpenError {
    /// No host could be reached and used.
    #[error("no usable Postgres server")]
    Connect(#[source] BackendError),
    /// A migration failed. Nothing of it stays.
    #[error("the schema cannot be migrated")]
    Migration(#[source] BackendError),
    /// The schema is newer than this library: update it.
    #[error("the schema has version {found}, and this library knows {known}: update it")]
    Newer {
        /// The version of the schema.
        found: i32,
        /// The version that this library knows.
        known: i32,
    },
    /// There is no schema, and it was not to be installed.
    #[error("there is no schema {schema}: install it first, with a role that may create it")]
    NotInstalled {
        /// Its name.
        schema: String,
    },
    /// The schema is older than this library, and was not to be migrated.
    #[error("the schema has version {found}, and this library needs {known}: migrate it first")]
    Older {
        /// The version of the schema.
        found: i32,
        /// The version that this library needs.
        known: i32,
    },
    /// A statement failed.
    #[error("the server refused a statement")]
    Server(#[from] tokio_postgres::Error),
    /// The file of trust anchors does not read.
    #[error("the trust anchors in {path} do not read")]
    TrustAnchors {
        /// The file.
        path: String,
        /// Why.
        source: BackendError,
    },
}

/// How a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Before anything was sent that could change something.
    Before(BackendError),
    /// While the server was at it.
    Server(tokio_postgres::Error),
    /// The server did not answer in time.
    Deadline(Duration),
    /// The row that came does not read.
    Row(BackendError),
}

/// The time after which a call was given up.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
struct NoAnswer(Duration);

impl Failure {
    /// Of a call that changes nothing.
    pub(super) fn of_read(self, operation: &'static str) -> StoreError {
        match self {
            Self::Row(source) => StoreError::Corrupt { backend: BACKEND, operation, source },
            Self::Server(error) => refused(error, operation),
            Self::Before(source) => StoreError::Unavailable { backend: BACKEND, operation, source },
            Self::Deadline(after) => {
                StoreError::Unavailable { backend: BACKEND, operation, source: NoAnswer(after).into() }
            }
        }
    }

    /// Of a step that may have happened.
    pub(super) fn of_write(self, operation: &'static str) -> StoreError {
        match self {
            Self::Server(error) if !is_refusal(&error) => {
                StoreError::Unknown { backend: BACKEND, operation, source: error.into() }
            }
            Self::Deadline(after) => {
                StoreError::Unknown { backend: BACKEND, operation, source: NoAnswer(after).into() }
            }
            other => other.of_read(operation),
        }
    }

    pub(super) fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Server(error) => error.code(),
            _ => None,
        }
    }

    /// Whether a read may be tried again at once: the connection had ended.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Server(error) if error.is_closed() || is_shutdown(error))
    }
}

/// Whether the server itself said that the statement failed: then it was undone. A server that goes down may have
/// committed before it says so.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    error.code().is_some() && !is_shutdown(error)
}

fn is_shutdown(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN))
}

fn refused(error: tokio_postgres::Error, operation: &'static str) -> StoreError {
    let is_corrupt = matches!(
        error.code(),
        Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED | &SqlState::CHECK_VIOLATION)
    );
    let source = error.into();
    if is_corrupt {
        StoreError::Corrupt { backend: BACKEND, operation, source }
    } else {
        StoreError::Unavailable { backend: BACKEND, operation, source }
    }
}

/// What our functions raise.
pub(super) mod raised {
    /// The feed does not reach back to the marker.
    pub(in super::super) const MARKER_TOO_OLD: &str = "CK001";
    /// A target was bound while a certificate was imported.
    pub(in super::super) const TARGET_BOUND: &str = "CK003";
}
