//! What holds for an owner: the validation policy and the limits.

use std::sync::Arc;

use cert_core::{TrustAnchors, ValidationPolicy};
use cert_store::{OwnerId, Quota};

/// What holds for an owner. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Plan {
    validation: Arc<ValidationPolicy>,
    quota: Quota,
    takeover: bool,
}

impl Plan {
    /// This validation policy, the default limits, and no takeover unless an upload asks for it.
    pub fn new(validation: Arc<ValidationPolicy>) -> Self {
        Self { validation, quota: DEFAULT_QUOTA, takeover: false }
    }

    /// With other limits.
    #[must_use]
    pub const fn with_quota(mut self, quota: Quota) -> Self {
        self.quota = quota;
        self
    }

    /// Whether a new upload takes over the domains that it can, where it does not say so itself.
    #[must_use]
    pub const fn with_takeover(mut self, takeover: bool) -> Self {
        self.takeover = takeover;
        self
    }

    /// What uploads must satisfy.
    pub const fn validation(&self) -> &Arc<ValidationPolicy> {
        &self.validation
    }

    /// How many certificates the owner may have.
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Whether a new upload takes over the domains that it can, where it does not say so itself.
    pub const fn takes_over(&self) -> bool {
        self.takeover
    }
}

impl Default for Plan {
    /// The web PKI's trust anchors; 1,000 certificates that have not expired, 10,000 in all.
    fn default() -> Self {
        Self::new(Arc::new(ValidationPolicy::new(TrustAnchors::webpki())))
    }
}

/// Chooses the plan of an owner.
///
/// A private certification authority belongs into the plans of the owners who use it, never into everybody's: whoever
/// has a certificate from it could otherwise claim other people's domains.
pub trait Policies: Send + Sync {
    /// The plan of `owner`. Called several times a request; it must not block.
    fn plan(&self, owner: &OwnerId) -> Plan;
}

/// One plan for all.
impl Policies for Plan {
    fn plan(&self, _: &OwnerId) -> Plan {
        self.clone()
    }
}

/// The limits of an owner for whom nothing else is said.
const DEFAULT_QUOTA: Quota = Quota { live: 1_000, total: 10_000 };
