//! Why a step was refused or failed.

use cert_core::{DnsName, ErrorCode, Timestamp};

use crate::{CertId, EntryKey, Generation, KekId, OwnerId, Target};

/// The source of a failure, as the backend has it.
pub type BackendError = Box<dyn core::error::Error + Send + Sync>;

/// Why a step was refused (nothing happened, and the reason is the caller's) or failed (the reason is the backend's).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another certificate has this id.
    #[error("certificate {id} exists already")]
    AlreadyExists {
        /// The id.
        id: CertId,
    },
    /// Another owner holds the target.
    #[error("{} is bound by another owner", target.domain)]
    BoundElsewhere {
        /// The target.
        target: Target,
    },
    /// Something else stands in the place of an imported entry.
    #[error("something else stands in the place of {key}")]
    Conflict {
        /// The entry.
        key: EntryKey,
    },
    /// What is stored does not read back. Nothing happened.
    #[error("{backend}: what is stored does not read back ({operation})")]
    Corrupt {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
    /// The certificate has expired, or does not outlive the one whose domain it should take over.
    #[error("certificate {id} ends too early ({not_after})")]
    Expired {
        /// The certificate.
        id: CertId,
        /// Its end.
        not_after: Timestamp,
    },
    /// Keys are sealed under the key-encryption key.
    #[error("keys are sealed under {kek}")]
    InUse {
        /// The key-encryption key.
        kek: KekId,
    },
    /// The feed does not reach back to the marker, or is in another epoch: start again.
    #[error("the change feed does not reach back to the marker")]
    MarkerTooOld,
    /// There is no earlier version to go back to.
    #[error("certificate {id} has no previous version")]
    NoPrevious {
        /// The certificate.
        id: CertId,
    },
    /// The certificate does not cover the domain.
    #[error("certificate {id} does not cover {domain}")]
    NotCovered {
        /// The certificate.
        id: CertId,
        /// The domain.
        domain: DnsName,
    },
    /// There is no such certificate, or not in this generation.
    #[error("there is no certificate {id}")]
    NotFound {
        /// The id.
        id: CertId,
    },
    /// The owner is at a limit. Nothing was stored.
    #[error("owner {owner} has reached the limit of {limit} certificates")]
    QuotaExceeded {
        /// The owner.
        owner: OwnerId,
        /// The limit that was reached.
        limit: u64,
    },
    /// The key-encryption key was retired: nothing is sealed under it any more.
    #[error("{kek} was retired")]
    Retired {
        /// The key-encryption key.
        kek: KekId,
    },
    /// Something has changed since the caller looked: look again.
    #[error("certificate {id} is not what it was")]
    Stale {
        /// The certificate that the step was about.
        id: CertId,
        /// Its generation now, where that is what has changed; else what was bound has.
        generation: Option<Generation>,
    },
    /// Domains are bound to the certificate.
    #[error("certificate {id} is bound to {cdn} CDN and {storage} storage domains")]
    StillBound {
        /// The certificate.
        id: CertId,
        /// Bound CDN targets.
        cdn: u64,
        /// Bound storage targets.
        storage: u64,
    },
    /// The backend cannot be used now. Nothing happened.
    #[error("{backend}: not available ({operation})")]
    Unavailable {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
    /// The backend failed while it wrote: the step may have happened. Ask again; every step may be repeated.
    #[error("{backend}: the outcome is not known ({operation})")]
    Unknown {
        /// The backend.
        backend: &'static str,
        /// What it was doing.
        operation: &'static str,
        /// What it says.
        source: BackendError,
    },
    /// Bound domains would have a certificate that does not cover them.
    #[error("{} bound domains of certificate {id} would lose their cover", domains.len())]
    WouldUncover {
        /// The certificate.
        id: CertId,
        /// The domains, each once, in order.
        domains: Vec<DnsName>,
    },
}

impl StoreError {
    /// The public number. A failure of the backend has none.
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Expired { .. } => Some(ErrorCode::Expired),
            Self::NotFound { .. } => Some(ErrorCode::NotFound),
            Self::QuotaExceeded { .. } => Some(ErrorCode::QuotaExceeded),
            Self::StillBound { cdn: 0, .. } => Some(ErrorCode::BoundToStorage),
            Self::StillBound { .. } => Some(ErrorCode::BoundToCdn),
            Self::AlreadyExists { .. }
            | Self::BoundElsewhere { .. }
            | Self::Conflict { .. }
            | Self::Corrupt { .. }
            | Self::InUse { .. }
            | Self::MarkerTooOld
            | Self::NoPrevious { .. }
            | Self::NotCovered { .. }
            | Self::Retired { .. }
            | Self::Stale { .. }
            | Self::Unavailable { .. }
            | Self::Unknown { .. }
            | Self::WouldUncover { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use cert_core::ErrorCode;

    use super::StoreError;
    use crate::CertId;

    #[test]
    fn of_two_kinds_of_domains_the_cdn_one_is_named() {
        let code = |cdn, storage| StoreError::StillBound { id: CertId::MIN, cdn, storage }.code();
        assert_eq!(code(1, 0), Some(ErrorCode::BoundToCdn));
        assert_eq!(code(0, 1), Some(ErrorCode::BoundToStorage));
        assert_eq!(code(1, 1), Some(ErrorCode::BoundToCdn));
    }
}
