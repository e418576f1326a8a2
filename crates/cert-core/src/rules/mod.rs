//! The rules whose level a policy may change: one table, like a compiler's lints.

use crate::{AnchorOrigin, Certificate, Location, PrivateKey, RsaWeakness, Rule};

/// What a policy makes of a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleLevel {
    /// It is not mentioned.
    Allow,
    /// It refuses the upload: 400323.
    Deny,
    /// It is mentioned as information.
    Note,
    /// It is mentioned as a warning.
    Warn,
}

/// A rule of the table: where it comes from, and its default level on paths to public and to private anchors.
#[derive(Clone, Copy, Debug)]
pub struct RuleEntry {
    /// The rule.
    pub rule: Rule,
    /// The clause that it comes from.
    pub clause: &'static str,
    /// The default level on paths that end in an anchor of the web PKI.
    pub public: RuleLevel,
    /// The default level on other paths.
    pub private: RuleLevel,
}

impl RuleEntry {
    const fn deny(rule: Rule, clause: &'static str) -> Self {
        Self { rule, clause, public: RuleLevel::Deny, private: RuleLevel::Deny }
    }
}

/// Every rule whose level can be changed.
pub const RULE_TABLE: &[RuleEntry] = &[
    RuleEntry::deny(Rule::RsaClosePrimes, "FIPS 186-5 A.1.3; CA/B Baseline Requirements 6.1.1.3"),
    RuleEntry::deny(Rule::RsaExponent, "CA/B Baseline Requirements 6.1.6"),
    RuleEntry::deny(Rule::RsaRoca, "CVE-2017-15361; CA/B Baseline Requirements 6.1.1.3"),
    RuleEntry::deny(Rule::RsaSize, "CA/B Baseline Requirements 6.1.5"),
    RuleEntry::deny(Rule::RsaSmallFactor, "CA/B Baseline Requirements 6.1.6; SP 800-89 5.3.3"),
    RuleEntry::deny(Rule::RsaUnevenPrimes, "FIPS 186-5 A.1.3"),
];

/// A broken rule with what broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// A weak RSA key.
    RsaWeak(RsaWeakness),
}

impl Breach {
    /// The rule that it breaks.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::RsaWeak(weakness) => match weakness {
                RsaWeakness::ClosePrimes => Rule::RsaClosePrimes,
                RsaWeakness::Exponent => Rule::RsaExponent,
                RsaWeakness::Roca => Rule::RsaRoca,
                RsaWeakness::Size { .. } => Rule::RsaSize,
                RsaWeakness::SmallFactor { .. } => Rule::RsaSmallFactor,
                RsaWeakness::UnevenPrimes => Rule::RsaUnevenPrimes,
            },
        }
    }
}

/// What the rules look at.
pub(crate) struct Subject<'a> {
    pub(crate) leaf: &'a Certificate,
    pub(crate) key: Option<&'a PrivateKey>,
    /// `None` where there is no path.
    pub(crate) origin: Option<AnchorOrigin>,
}

/// Every broken rule, whatever its level.
pub(crate) fn breaches(subject: &Subject<'_>) -> Vec<(Breach, Location)> {
    let weakness = subject.key.and_then(PrivateKey::weakness);
    weakness.map(|weakness| (Breach::RsaWeak(weakness), Location::KEY)).into_iter().collect()
}

/// The default level of a rule, or `None` for one whose level is fixed.
pub(crate) fn default_level(rule: Rule, origin: AnchorOrigin) -> Option<RuleLevel> {
    let entry = RULE_TABLE.iter().find(|entry| entry.rule == rule)?;
    Some(match origin {
        AnchorOrigin::Private => entry.private,
        AnchorOrigin::Public => entry.public,
    })
}
