//! Broken rules with what broke them.

use crate::{NameError, RsaWeakness, Rule, ValidityError};

/// A broken rule of the table, with what broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// The authority key identifier is critical.
    AkiCritical,
    /// The authority key identifier names no key, or an issuer and serial number, or not the anchor's own key.
    AkiForm,
    /// There is no authority key identifier.
    AkiMissing,
    /// The trust anchor's own certificate is not valid at this time.
    AnchorExpired(ValidityError),
    /// The trust anchor's own certificate is not a CA's.
    AnchorNotACa,
    /// The trust anchor has an extended key usage.
    AnchorPurposes,
    /// The basic constraints of an issuer are not critical.
    BasicConstraintsNotCritical,
    /// A CA's certificate without a subject.
    CaWithoutName,
    /// The leaf is for TLS clients too.
    ClientAuth,
    /// The common name is an IP address that is not written as the standards write it.
    CommonNameForm {
        /// The common name.
        common_name: String,
    },
    /// The common name is not among the subject alternative names.
    CommonNameMismatch {
        /// The common name.
        common_name: String,
    },
    /// An extension stands twice.
    DuplicateExtension {
        /// Its object identifier.
        oid: String,
    },
    /// The value of an extension does not decode.
    ExtensionMalformed {
        /// Its object identifier.
        oid: String,
    },
    /// The key usage of an issuer does not let it sign certificates.
    IssuerKeyUsage,
    /// The leaf's key is on the policy's denylist.
    KeyDenied,
    /// The key usage of the leaf lets it do nothing that TLS needs, or lets it sign certificates.
    LeafKeyUsage,
    /// The lifetime is longer than a public CA may give.
    LifetimeTooLong {
        /// Days of the certificate.
        days: i64,
        /// Days that are allowed for its date of issue.
        max: i64,
    },
    /// The leaf demands a stapled OCSP response.
    MustStaple,
    /// Name constraints that constrain nothing.
    NameConstraintsEmpty,
    /// A name constraint that is no DNS name or address range.
    NameConstraintsForm {
        /// The constraint.
        constraint: String,
    },
    /// Name constraints in a certificate that is not a CA's.
    NameConstraintsInLeaf,
    /// Name constraints that are not critical.
    NameConstraintsNotCritical,
    /// Policy constraints that are not critical.
    PolicyConstraintsNotCritical,
    /// A precertificate: the CT poison extension.
    Precertificate,
    /// A wildcard on a public suffix.
    PublicSuffixWildcard {
        /// The name.
        name: String,
    },
    /// The extended key usage of the leaf is critical.
    PurposesCritical,
    /// The leaf has no extended key usage.
    PurposesMissing,
    /// A weak RSA key, of a certificate or the uploaded one.
    RsaWeak(RsaWeakness),
    /// The subject alternative names are critical, although there is a subject.
    SanCritical,
    /// The leaf has no subject alternative name.
    SanMissing,
    /// A subject alternative name that no client can match.
    SanNameInvalid {
        /// The name.
        name: String,
        /// What is wrong with it; `None` for an IP address of the wrong length.
        error: Option<NameError>,
    },
    /// The subject is empty, and the subject alternative names are not critical.
    SanNotCritical,
    /// The leaf has no embedded certificate timestamps.
    SctMissing,
    /// The leaf is signed by its own key, and is itself a trust anchor.
    SelfSignedTrusted,
    /// The serial number is not positive or longer than 20 octets.
    SerialNumber,
    /// The subject has several common names.
    SeveralCommonNames,
    /// The subject key identifier is critical.
    SkiCritical,
    /// An issuer has no subject key identifier.
    SkiMissing,
    /// The trust anchor has a critical extension that is not understood.
    UnknownCriticalExtension {
        /// Its object identifier.
        oid: String,
    },
    /// A type of key that public CAs do not certify.
    UnusualKeyType {
        /// The type.
        name: String,
    },
}

impl Breach {
    /// The rule that it breaks.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::AkiCritical => Rule::AkiCritical,
            Self::AkiForm => Rule::AkiForm,
            Self::AkiMissing => Rule::AkiMissing,
            Self::AnchorExpired(_) => Rule::AnchorExpired,
            Self::AnchorNotACa => Rule::AnchorNotACa,
            Self::AnchorPurposes => Rule::AnchorPurposes,
            Self::BasicConstraintsNotCritical => Rule::BasicConstraintsNotCritical,
            Self::CaWithoutName => Rule::CaWithoutName,
            Self::ClientAuth => Rule::ClientAuth,
            Self::CommonNameForm { .. } => Rule::CommonNameForm,
            Self::CommonNameMismatch { .. } => Rule::CommonNameMismatch,
            Self::DuplicateExtension { .. } => Rule::DuplicateExtension,
            Self::ExtensionMalformed { .. } => Rule::ExtensionMalformed,
            Self::IssuerKeyUsage => Rule::IssuerKeyUsage,
            Self::KeyDenied => Rule::KeyDenied,
            Self::LeafKeyUsage => Rule::LeafKeyUsage,
            Self::LifetimeTooLong { .. } => Rule::LifetimeTooLong,
            Self::MustStaple => Rule::MustStaple,
            Self::NameConstraintsEmpty => Rule::NameConstraintsEmpty,
            Self::NameConstraintsForm { .. } => Rule::NameConstraintsForm,
            Self::NameConstraintsInLeaf => Rule::NameConstraintsInLeaf,
            Self::NameConstraintsNotCritical => Rule::NameConstraintsNotCritical,
            Self::PolicyConstraintsNotCritical => Rule::PolicyConstraintsNotCritical,
            Self::Precertificate => Rule::Precertificate,
            Self::PublicSuffixWildcard { .. } => Rule::PublicSuffixWildcard,
            Self::PurposesCritical => Rule::PurposesCritical,
            Self::PurposesMissing => Rule::PurposesMissing,
            Self::RsaWeak(weakness) => weakness.rule(),
            Self::SanCritical => Rule::SanCritical,
            Self::SanMissing => Rule::SanMissing,
            Self::SanNameInvalid { .. } => Rule::SanNameInvalid,
            Self::SanNotCritical => Rule::SanNotCritical,
            Self::SctMissing => Rule::SctMissing,
            Self::SelfSignedTrusted => Rule::SelfSignedTrusted,
            Self::SerialNumber => Rule::SerialNumber,
            Self::SeveralCommonNames => Rule::SeveralCommonNames,
            Self::SkiCritical => Rule::SkiCritical,
            Self::SkiMissing => Rule::SkiMissing,
            Self::UnknownCriticalExtension { .. } => Rule::UnknownCriticalExtension,
            Self::UnusualKeyType { .. } => Rule::UnusualKeyType,
        }
    }
}

impl RsaWeakness {
    /// The rule that it breaks.
    pub const fn rule(self) -> Rule {
        match self {
            Self::ClosePrimes => Rule::RsaClosePrimes,
            Self::Exponent => Rule::RsaExponent,
            Self::Roca => Rule::RsaRoca,
            Self::Size { .. } => Rule::RsaSize,
            Self::SmallFactor { .. } => Rule::RsaSmallFactor,
            Self::UnevenPrimes => Rule::RsaUnevenPrimes,
        }
    }
}
