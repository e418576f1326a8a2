//! Who may have a domain that another owner has.

use async_trait::async_trait;
use cert_store::{OwnerId, Target};

/// Decides whether a domain may move from the owner who has it to another, who asked for it.
///
/// A certificate proves that a certification authority saw control of the domain, at some time, by somebody. Whether
/// that is enough to take it away from a tenant is for the platform to say: it knows who has shown a DNS record lately.
#[async_trait]
pub trait DomainAuthority: Send + Sync {
    /// Whether `target` may move from `from` to `to`. Where that cannot be found out, it may not.
    async fn may_move(&self, target: &Target, from: &OwnerId, to: &OwnerId) -> bool;
}

/// A domain stays with whoever has it.
pub(crate) struct FirstComeOnly;

#[async_trait]
impl DomainAuthority for FirstComeOnly {
    async fn may_move(&self, _: &Target, _: &OwnerId, _: &OwnerId) -> bool {
        false
    }
}
