//! What a certificate must satisfy.

use std::{collections::HashMap, sync::Arc};

use crate::{
    AnchorOrigin, Fingerprint, MinimumValidity, Rule, RuleLevel, SignatureCache, TrustAnchors, caps,
    rules::{self},
};

/// Whether a chain may come in another form than it will be served in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChainOrder {
    /// It must be what will be served: nothing out of order, nothing too much.
    Exact,
    /// It is put in order, and what does not belong is dropped with a warning.
    #[default]
    Repair,
}

/// Knows keys that nobody should use any more, such as those of a published leak.
pub trait KeyDenylist: core::fmt::Debug + Send + Sync {
    /// Whether the key with this SHA-256 of its `SubjectPublicKeyInfo` is one of them.
    fn contains(&self, spki: &Fingerprint) -> bool;
}

/// Trust, minimum validity and the level of each rule.
///
/// It is cheap to clone: the anchors are shared.
///
/// ```
/// use cert_core::{MinimumValidity, Rule, TrustAnchors, ValidationPolicy};
///
/// let policy = ValidationPolicy::new(TrustAnchors::webpki())
///     .minimum_validity(MinimumValidity::new(14 * 86_400, 0.2))
///     .warn(Rule::RsaExponent);
/// # let _ = policy;
/// ```
#[derive(Clone, Debug)]
pub struct ValidationPolicy {
    pub(crate) anchors: Arc<TrustAnchors>,
    pub(crate) cache: Arc<SignatureCache>,
    pub(crate) minimum_validity: MinimumValidity,
    pub(crate) max_chain: usize,
    pub(crate) max_depth: Option<usize>,
    pub(crate) order: ChainOrder,
    pub(crate) prove_key: bool,
    pub(crate) denylist: Option<Arc<dyn KeyDenylist>>,
    levels: HashMap<Rule, RuleLevel>,
}

impl ValidationPolicy {
    /// Trusts `anchors`; everything else has its default.
    pub fn new(anchors: Arc<TrustAnchors>) -> Self {
        Self {
            anchors,
            cache: Arc::default(),
            minimum_validity: MinimumValidity::default(),
            max_chain: caps::MAX_CERTIFICATES,
            max_depth: None,
            order: ChainOrder::default(),
            prove_key: true,
            denylist: None,
            levels: HashMap::new(),
        }
    }

    /// Shares a cache of verified signatures with other policies. Each policy has one of its own by default.
    #[must_use]
    pub fn signature_cache(mut self, cache: Arc<SignatureCache>) -> Self {
        self.cache = cache;
        self
    }

    /// How much validity must be left. 7 days or a tenth of the lifetime by default.
    #[must_use]
    pub const fn minimum_validity(mut self, minimum: MinimumValidity) -> Self {
        self.minimum_validity = minimum;
        self
    }

    /// How many certificates a chain may have, the leaf included. [`caps::MAX_CERTIFICATES`] by default and at most.
    #[must_use]
    pub fn max_chain(mut self, certificates: usize) -> Self {
        self.max_chain = certificates.min(caps::MAX_CERTIFICATES);
        self
    }

    /// How many intermediates that are not self-issued a path may have. No limit of its own by default.
    #[must_use]
    pub const fn max_depth(mut self, intermediates: usize) -> Self {
        self.max_depth = Some(intermediates);
        self
    }

    /// Whether the chain must be uploaded as it will be served.
    #[must_use]
    pub const fn chain_order(mut self, order: ChainOrder) -> Self {
        self.order = order;
        self
    }

    /// Whether a key signs once and the signature is verified, which finds broken RSA keys that load. On by default;
    /// it costs a private-key operation.
    #[must_use]
    pub const fn prove_key(mut self, prove: bool) -> Self {
        self.prove_key = prove;
        self
    }

    /// Refuses keys that are known to be compromised: rule `key_denied`. No list is shipped.
    #[must_use]
    pub fn denylist(mut self, denylist: Arc<dyn KeyDenylist>) -> Self {
        self.denylist = Some(denylist);
        self
    }

    /// Sets the level of a rule of [`RULE_TABLE`](crate::RULE_TABLE). Others have a level that cannot be changed, and
    /// are left alone.
    #[must_use]
    pub fn level(mut self, rule: Rule, level: RuleLevel) -> Self {
        self.levels.insert(rule, level);
        self
    }

    /// A broken `rule` refuses.
    #[must_use]
    pub fn deny(self, rule: Rule) -> Self {
        self.level(rule, RuleLevel::Deny)
    }

    /// A broken `rule` is a warning.
    #[must_use]
    pub fn warn(self, rule: Rule) -> Self {
        self.level(rule, RuleLevel::Warn)
    }

    /// A broken `rule` is not mentioned.
    #[must_use]
    pub fn allow(self, rule: Rule) -> Self {
        self.level(rule, RuleLevel::Allow)
    }

    /// The level of a broken rule on a path to an anchor of this origin.
    pub(crate) fn level_of(&self, rule: Rule, origin: AnchorOrigin) -> RuleLevel {
        let default = || rules::default_level(rule, origin).unwrap_or(RuleLevel::Deny);
        self.levels.get(&rule).copied().unwrap_or_else(default)
    }
}
