//! The rules, where they come from, and their default levels.

use crate::{AnchorOrigin, Rule};

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
    /// The default level on other paths, and where there is no path.
    pub private: RuleLevel,
}

/// The default level of a rule, or `None` for one whose level is fixed.
pub(crate) fn default_level(rule: Rule, origin: AnchorOrigin) -> Option<RuleLevel> {
    let entry = RULE_TABLE.iter().find(|entry| entry.rule == rule)?;
    Some(match origin {
        AnchorOrigin::Private => entry.private,
        AnchorOrigin::Public => entry.public,
    })
}

/// Denied everywhere.
const fn deny(rule: Rule, clause: &'static str) -> RuleEntry {
    RuleEntry { rule, clause, public: RuleLevel::Deny, private: RuleLevel::Deny }
}

/// Denied to public CAs, which are bound by the clause, and a warning for others.
const fn deny_public(rule: Rule, clause: &'static str) -> RuleEntry {
    RuleEntry { rule, clause, public: RuleLevel::Deny, private: RuleLevel::Warn }
}

/// Denied to public CAs, and nobody else's business.
const fn only_public(rule: Rule, public: RuleLevel, clause: &'static str) -> RuleEntry {
    RuleEntry { rule, clause, public, private: RuleLevel::Allow }
}

const fn warn(rule: Rule, clause: &'static str) -> RuleEntry {
    RuleEntry { rule, clause, public: RuleLevel::Warn, private: RuleLevel::Warn }
}

/// Every rule whose level can be changed, by id. "BR" is the CA/B Forum's Baseline Requirements for TLS server
/// certificates.
pub const RULE_TABLE: &[RuleEntry] = &[
    deny(Rule::AkiCritical, "RFC 5280 4.2.1.1"),
    deny(Rule::AkiForm, "RFC 5280 4.2.1.1; BR 7.1.2.11.1"),
    deny(Rule::AkiMissing, "RFC 5280 4.2.1.1; BR 7.1.2.7.6"),
    deny(Rule::AnchorExpired, "RFC 5280 6.1.1 (d)"),
    deny(Rule::AnchorNotACa, "RFC 5280 4.2.1.9"),
    deny(Rule::AnchorPurposes, "BR 7.1.2.1.2"),
    deny(Rule::BasicConstraintsNotCritical, "RFC 5280 4.2.1.9; BR 7.1.2.10.4"),
    RuleEntry {
        rule: Rule::ClientAuth,
        clause: "RFC 5280 4.2.1.12; Chrome Root Program Policy 1.6",
        public: RuleLevel::Note,
        private: RuleLevel::Allow,
    },
    deny(Rule::CommonNameForm, "BR 7.1.4.3"),
    warn(Rule::CommonNameMismatch, "BR 7.1.4.3"),
    warn(Rule::SeveralCommonNames, "BR 7.1.4.3"),
    deny(Rule::CaWithoutName, "RFC 5280 4.1.2.4, 4.1.2.6"),
    deny(Rule::DuplicateExtension, "RFC 5280 4.2"),
    deny(Rule::ExtensionMalformed, "RFC 5280 4.2"),
    deny(Rule::IssuerKeyUsage, "RFC 5280 4.2.1.3, 6.1.4 (n)"),
    deny(Rule::KeyDenied, "BR 4.9.1.1, 6.1.1.3"),
    deny(Rule::LeafKeyUsage, "RFC 5280 4.2.1.3; BR 7.1.2.7.11"),
    only_public(Rule::LifetimeTooLong, RuleLevel::Deny, "BR 6.3.2 (ballot SC-081v3)"),
    warn(Rule::MustStaple, "RFC 7633"),
    deny(Rule::NameConstraintsEmpty, "RFC 5280 4.2.1.10"),
    deny(Rule::NameConstraintsForm, "RFC 5280 4.2.1.10"),
    deny(Rule::NameConstraintsInLeaf, "RFC 5280 4.2.1.10"),
    RuleEntry {
        rule: Rule::NameConstraintsNotCritical,
        clause: "RFC 5280 4.2.1.10; allowed by BR 7.1.2.10.8",
        public: RuleLevel::Note,
        private: RuleLevel::Deny,
    },
    deny(Rule::PolicyConstraintsNotCritical, "RFC 5280 4.2.1.11"),
    deny(Rule::Precertificate, "RFC 6962 3.1"),
    deny(Rule::PublicSuffixWildcard, "BR 3.2.2.6"),
    deny(Rule::PurposesCritical, "BR 7.1.2.7.6"),
    only_public(Rule::PurposesMissing, RuleLevel::Deny, "BR 7.1.2.7.10"),
    deny(Rule::RsaClosePrimes, "FIPS 186-5 A.1.3; BR 6.1.1.3"),
    deny(Rule::RsaExponent, "BR 6.1.6"),
    deny(Rule::RsaRoca, "CVE-2017-15361; BR 6.1.1.3"),
    deny(Rule::RsaSize, "BR 6.1.5"),
    deny(Rule::RsaSmallFactor, "BR 6.1.6; SP 800-89 5.3.3"),
    deny(Rule::RsaUnevenPrimes, "FIPS 186-5 A.1.3"),
    deny(Rule::SanCritical, "BR 7.1.2.7.12"),
    deny(Rule::SanMissing, "BR 7.1.2.7.12; RFC 9525 2"),
    deny_public(Rule::SanNameInvalid, "RFC 5280 4.2.1.6; BR 7.1.2.7.12"),
    deny(Rule::SanNotCritical, "RFC 5280 4.2.1.6"),
    only_public(Rule::SctMissing, RuleLevel::Warn, "RFC 6962 3.3; browser CT policies"),
    deny_public(Rule::SelfSignedTrusted, "BR 7.1.2.7"),
    deny(Rule::SerialNumber, "RFC 5280 4.1.2.2"),
    deny(Rule::SkiCritical, "RFC 5280 4.2.1.2"),
    deny(Rule::SkiMissing, "RFC 5280 4.2.1.2"),
    deny(Rule::UnknownCriticalExtension, "RFC 5280 4.2"),
    only_public(Rule::UnusualKeyType, RuleLevel::Warn, "BR 6.1.1.3"),
];

#[cfg(test)]
mod tests {
    use super::RULE_TABLE;

    #[test]
    fn every_rule_stands_once() {
        let mut rules: Vec<_> = RULE_TABLE.iter().map(|entry| entry.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules.len(), RULE_TABLE.len());
    }
}
