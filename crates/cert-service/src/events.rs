//! What happened, for an audit trail: who did what to which certificate. Nothing in it is secret.

use std::fmt;

use cert_core::Timestamp;
use cert_store::{CertId, KekId, OwnerId, Target};

use crate::Caller;

/// Takes note of events. It is called inline and must not block.
///
/// Two sinks in a tuple both take note.
pub trait EventSink: Send + Sync {
    /// Takes note of `event`, which has happened already.
    fn record(&self, event: &Event<'_>);
}

/// An action that succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub caller: &'a Caller,
    /// What.
    pub action: Action,
    /// On what.
    pub subject: Subject<'a>,
}

impl Event<'_> {
    /// The certificate that the action was on, if it was on one.
    pub const fn id(&self) -> Option<CertId> {
        match self.subject {
            Subject::Cert { id, .. } => Some(id),
            Subject::Kek(_) | Subject::Store => None,
        }
    }

    /// The owner of that certificate.
    pub const fn owner(&self) -> Option<&OwnerId> {
        match self.subject {
            Subject::Cert { owner, .. } => Some(owner),
            Subject::Kek(_) | Subject::Store => None,
        }
    }
}

/// What an action was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// A certificate.
    Cert {
        /// Whose it is.
        owner: &'a OwnerId,
        /// Its id.
        id: CertId,
        /// The domain, where the action was on one.
        target: Option<&'a Target>,
    },
    /// A key-encryption key.
    Kek(&'a KekId),
    /// The store as a whole.
    Store,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// The certificate was bound to a domain.
    Bound,
    /// The certificate was deleted.
    Deleted,
    /// A part of the store was read out, sealed keys included.
    Exported,
    /// An exported certificate, or a fact of the store, was put back.
    Imported,
    /// The private key was read in the clear.
    KeyRead,
    /// The certificate got a domain that another owner had.
    Moved,
    /// The certificate was replaced by a new version under its id.
    Replaced,
    /// A key-encryption key was retired.
    Retired,
    /// Data keys were wrapped anew that were under a key-encryption key.
    Rewrapped,
    /// The certificate's previous version was brought back.
    RolledBack,
    /// The certificate took over a domain from another of its owner.
    TookOver,
    /// A domain of the certificate was freed.
    Unbound,
    /// The certificate was stored.
    Uploaded,
    /// The same upload came again, and got the id that it has.
    UploadedAgain,
}

impl Action {
    /// A name that stays: `key_read`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Deleted => "deleted",
            Self::Exported => "exported",
            Self::Imported => "imported",
            Self::KeyRead => "key_read",
            Self::Moved => "moved",
            Self::Replaced => "replaced",
            Self::Retired => "retired",
            Self::Rewrapped => "rewrapped",
            Self::RolledBack => "rolled_back",
            Self::TookOver => "took_over",
            Self::Unbound => "unbound",
            Self::Uploaded => "uploaded",
            Self::UploadedAgain => "uploaded_again",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Writes events through `tracing`, at level INFO with the target `audit`: the sink of a service that is given none.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditLog;

impl EventSink for AuditLog {
    fn record(&self, event: &Event<'_>) {
        let Event { at, caller, action, subject } = event;
        let (owner, id, target, kek) = match subject {
            Subject::Cert { owner, id, target } => (Some(owner.as_str()), Some(*id), *target, None),
            Subject::Kek(kek) => (None, None, None, Some(kek.as_str())),
            Subject::Store => (None, None, None, None),
        };
        tracing::info!(
            target: "audit",
            %at,
            principal = caller.principal(),
            operator = caller.is_operator(),
            action = action.as_str(),
            owner,
            id = id.map(tracing::field::display),
            kind = target.map(|target| tracing::field::debug(target.kind)),
            domain = target.map(|target| target.domain.as_str()),
            kek,
        );
    }
}

impl<A: EventSink, B: EventSink> EventSink for (A, B) {
    fn record(&self, event: &Event<'_>) {
        self.0.record(event);
        self.1.record(event);
    }
}
