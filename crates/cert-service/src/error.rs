//! Why a call is refused or fails.

use aws_lc_rs::error::Unspecified;
use cert_core::{DnsName, ErrorCode, Finding, Report};
use cert_store::{CertId, KekId, LabelsError, MarkerError, StoreError};

use crate::SealError;

/// Why a call is refused or fails. Match on it, or on [`rule`](cert_core::Explain::rule); [`code`](Self::code) is for
/// the wire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The key-encryption key is the one that new keys are sealed under: make another active first.
    #[error("{kek} is the active key-encryption key")]
    ActiveKek {
        /// The key-encryption key.
        kek: KekId,
    },
    /// The executor did not run the work to its end.
    #[error("the work was not run to its end")]
    Interrupted,
    /// A label, or their number, is beyond its cap.
    #[error("the labels are beyond their limits")]
    Labels(#[from] LabelsError),
    /// A name is longer than 255 bytes, or has control characters.
    #[error("the {field} is longer than 255 bytes, or has control characters")]
    InvalidName {
        /// Which one.
        field: &'static str,
    },
    /// The marker is garbled, or of another owner's list.
    #[error("the marker cannot be used")]
    Marker(#[from] MarkerError),
    /// The caller's role does not allow the call.
    #[error("the caller may not do this")]
    NotAllowed,
    /// A replacement keeps what is said to be changed.
    #[error("a replacement keeps the {field}")]
    NotChangeable {
        /// What is kept.
        field: &'static str,
    },
    /// The certificate is another owner's.
    #[error("certificate {id} belongs to another owner")]
    NotOwner {
        /// The certificate.
        id: CertId,
    },
    /// An operator who acts for nobody in particular asked for what an owner has.
    #[error("an operator must say which owner the call is for")]
    OwnerRequired,
    /// The upload does not hold the policy. Boxed: it carries the whole report.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The private key could not be sealed or opened.
    #[error("the private key cannot be sealed or opened")]
    Seal(#[from] SealError),
    /// Domains are bound to the certificate, so it stays.
    #[error("the certificate is in use")]
    StillBound {
        /// Some of the domains, as far as they could be read.
        domains: Vec<DnsName>,
        /// The store's refusal, with their count.
        #[source]
        source: StoreError,
    },
    /// The store refuses or fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key ring does not open the store's canary: it is the ring of another store, or lacks a key.
    #[error("this key ring does not belong to this store, or lacks the key that the store was begun with")]
    WrongRing {
        /// Why the canary does not open.
        #[source]
        source: SealError,
    },
}

impl ServiceError {
    /// The public number, where there is one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(refusal) => Some(refusal.error.code()),
            Self::NotOwner { .. }
            | Self::Marker(MarkerError::OtherOwner)
            | Self::Store(StoreError::BoundElsewhere { .. }) => Some(ErrorCode::NotPermitted),
            Self::Store(error) | Self::StillBound { source: error, .. } => error.code(),
            Self::ActiveKek { .. }
            | Self::Interrupted
            | Self::InvalidName { .. }
            | Self::Labels(_)
            | Self::Marker(_)
            | Self::NotAllowed
            | Self::NotChangeable { .. }
            | Self::OwnerRequired
            | Self::Seal(_)
            | Self::WrongRing { .. } => None,
        }
    }

    /// Everything that was found in a refused upload, errors first. Empty where no upload was judged.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused(refusal) => refusal.report.findings(),
            _ => &[],
        }
    }
}

/// An error with the errors beneath it, on one line: for a log, not for tenants.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Some libraries say in their own text what their cause says again.
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

impl From<Unspecified> for ServiceError {
    fn from(error: Unspecified) -> Self {
        Self::Seal(error.into())
    }
}

/// A refused upload: what decided, and all that was found.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    pub(crate) error: cert_core::Error,
    report: Report,
    pub(crate) key_of: Option<CertId>,
}

impl Refusal {
    pub(crate) const fn new(error: cert_core::Error, report: Report) -> Self {
        Self { error, report, key_of: None }
    }

    /// What decided.
    pub const fn error(&self) -> &cert_core::Error {
        &self.error
    }

    /// The owner's stored certificate that a mismatching key belongs to.
    pub const fn key_of(&self) -> Option<CertId> {
        self.key_of
    }

    /// All that was found.
    pub const fn report(&self) -> &Report {
        &self.report
    }
}
