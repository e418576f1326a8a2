//! What happened, for an audit trail.

use cert_core::Timestamp;
use cert_store::{CertId, OwnerId};

use crate::Caller;

/// Takes note of events. It is called inline and must not block.
pub trait EventSink: Send + Sync {
    /// Takes note of `event`, which has happened already.
    fn record(&self, event: &Event<'_>);
}

/// An action on a certificate that succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub caller: &'a Caller,
    /// What.
    pub action: Action,
    /// Whose certificate.
    pub owner: &'a OwnerId,
    /// Which certificate.
    pub id: CertId,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// The certificate was bound to a domain.
    Bound,
    /// The certificate was deleted.
    Deleted,
    /// The private key was read in the clear.
    KeyRead,
    /// A domain of the certificate was freed.
    Unbound,
    /// The certificate was stored.
    Uploaded,
    /// The same upload came again, and got the id that it has.
    UploadedAgain,
}

/// Keeps nothing.
pub(crate) struct Silent;

impl EventSink for Silent {
    fn record(&self, _: &Event<'_>) {}
}
