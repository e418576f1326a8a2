//! English: broken rules.

use super::{place, validity_of};
use crate::{Breach, Location, NameError, RsaWeakness};

pub(super) fn message(breach: &Breach, at: &Location) -> String {
    // A trust anchor is the operator's and has no place in the upload.
    let place = if at.certificate().is_some() { place(at) } else { "The trust anchor".into() };
    match breach {
        Breach::AkiCritical => {
            format!("The authority key identifier of {place} is critical, which it must not be.")
        }
        Breach::AkiForm => {
            format!("The authority key identifier of {place} does not name its issuer's key, and only that.")
        }
        Breach::AkiMissing => {
            format!("{place} has no authority key identifier, so it does not say which key signed it.")
        }
        Breach::AnchorExpired(error) => validity_of("The trust anchor of this path", error),
        Breach::AnchorNotACa => "The trust anchor of this path is not a CA's certificate.".into(),
        Breach::AnchorPurposes => {
            "The trust anchor of this path has an extended key usage, which a root must not have.".into()
        }
        Breach::BasicConstraintsNotCritical => format!("The basic constraints of {place} are not critical."),
        Breach::CaWithoutName => format!("{place} is a CA's and has no subject."),
        Breach::ClientAuth => {
            format!("{place} is for TLS clients too, which public CAs are about to stop issuing.")
        }
        Breach::CommonNameForm { common_name } => {
            format!(
                "The common name {common_name:?} of {place} is an IP address that is not written in its standard form."
            )
        }
        Breach::CommonNameMismatch { common_name } => {
            format!(
                "The common name {common_name:?} of {place} is not among its subject alternative names; clients only look at those."
            )
        }
        Breach::DuplicateExtension { oid } => format!("{place} has the extension {oid} twice."),
        Breach::ExtensionMalformed { oid } => format!("The extension {oid} of {place} does not decode."),
        Breach::IssuerKeyUsage => {
            format!("{place} signed another certificate, but its key usage does not let it.")
        }
        Breach::KeyDenied => format!("The key of {place} is known to be compromised."),
        Breach::LeafKeyUsage => format!(
            "The key usage of {place} does not fit a TLS server: it needs digital signature, and no certificate signing."
        ),
        Breach::LifetimeTooLong { days, max } => {
            format!(
                "{place} is valid for {days} days; public CAs may issue {max} at its date of issue, so browsers refuse it."
            )
        }
        Breach::MustStaple => format!(
            "{place} demands a stapled OCSP response (must-staple): whoever serves it must staple one."
        ),
        Breach::NameConstraintsEmpty => format!("The name constraints of {place} constrain nothing."),
        Breach::NameConstraintsForm { constraint } => {
            format!("{place} has the name constraint {constraint:?}, which is no DNS name or address range.")
        }
        Breach::NameConstraintsInLeaf => format!("{place} has name constraints, which only a CA may have."),
        Breach::NameConstraintsNotCritical => format!("The name constraints of {place} are not critical."),
        Breach::PolicyConstraintsNotCritical => {
            format!("The policy constraints of {place} are not critical.")
        }
        Breach::Precertificate => format!(
            "{place} is a precertificate, made for certificate transparency logs, not the certificate."
        ),
        Breach::PublicSuffixWildcard { name } => {
            format!("{place} is for {name:?}: everything below a public suffix, which nobody may have.")
        }
        Breach::PurposesCritical => {
            format!("The extended key usage of {place} is critical, which public CAs must not do.")
        }
        Breach::PurposesMissing => {
            format!("{place} does not say what it is for: it has no extended key usage.")
        }
        Breach::RsaWeak(weakness) => weakness_message(*weakness, at),
        Breach::SanCritical => format!(
            "The subject alternative names of {place} are critical, which they may only be beside an empty subject."
        ),
        Breach::SanMissing => {
            format!("{place} has no subject alternative name, so no client accepts it for any name.")
        }
        Breach::SanNameInvalid { name, error } => {
            format!("The subject alternative name {name:?} of {place} {}.", what_is_wrong(*error))
        }
        Breach::SanNotCritical => {
            format!("{place} has an empty subject, so its subject alternative names must be critical.")
        }
        Breach::SctMissing => format!(
            "{place} has no embedded certificate timestamps; browsers want them (certificate transparency)."
        ),
        Breach::SelfSignedTrusted => format!("{place} is signed by its own key and trusted by itself."),
        Breach::SerialNumber => {
            format!("The serial number of {place} is not positive, or longer than 20 octets.")
        }
        Breach::SeveralCommonNames => format!("{place} has more than one common name."),
        Breach::SkiCritical => {
            format!("The subject key identifier of {place} is critical, which it must not be.")
        }
        Breach::SkiMissing => format!("{place} is a CA's and has no subject key identifier."),
        Breach::UnknownCriticalExtension { oid } => {
            format!("{place} has the critical extension {oid}, which is not understood here.")
        }
        Breach::UnusualKeyType { name } => {
            format!("{place} has a key of type {name}, which no public CA certifies and many clients refuse.")
        }
    }
}

pub(super) fn fix(breach: &Breach) -> Option<String> {
    Some(match breach {
        Breach::AnchorExpired(_)
        | Breach::AnchorNotACa
        | Breach::AnchorPurposes
        | Breach::SelfSignedTrusted
        | Breach::UnknownCriticalExtension { .. } => "The operator should trust another certificate of this CA.".into(),
        Breach::ClientAuth | Breach::CommonNameMismatch { .. } | Breach::SeveralCommonNames => return None,
        Breach::LifetimeTooLong { .. } => "Have it issued again with a shorter validity.".into(),
        Breach::MustStaple => "Turn on OCSP stapling, or have it issued without must-staple.".into(),
        Breach::Precertificate => "Send the final certificate that the CA delivered.".into(),
        Breach::PublicSuffixWildcard { .. } => "Have it issued for your own domain.".into(),
        Breach::KeyDenied | Breach::RsaWeak(_) => "Make a new key (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256) and have the certificate issued again.".into(),
        Breach::SanMissing => "Have it issued with the domain as a subject alternative name.".into(),
        Breach::SanNameInvalid { .. } => "Have it issued without this name, or with the name in its A-label form (xn--).".into(),
        Breach::SctMissing => "Ask the CA for a certificate with embedded SCTs.".into(),
        Breach::UnusualKeyType { .. } => "Use an EC P-256 or RSA 2048 key.".into(),
        Breach::AkiCritical
        | Breach::AkiForm
        | Breach::AkiMissing
        | Breach::BasicConstraintsNotCritical
        | Breach::CaWithoutName
        | Breach::CommonNameForm { .. }
        | Breach::DuplicateExtension { .. }
        | Breach::ExtensionMalformed { .. }
        | Breach::IssuerKeyUsage
        | Breach::LeafKeyUsage
        | Breach::NameConstraintsEmpty
        | Breach::NameConstraintsForm { .. }
        | Breach::NameConstraintsInLeaf
        | Breach::NameConstraintsNotCritical
        | Breach::PolicyConstraintsNotCritical
        | Breach::PurposesCritical
        | Breach::PurposesMissing
        | Breach::SanCritical
        | Breach::SanNotCritical
        | Breach::SerialNumber
        | Breach::SkiCritical
        | Breach::SkiMissing => "Ask the CA for a certificate that follows the standard.".into(),
    })
}

fn weakness_message(weakness: RsaWeakness, at: &Location) -> String {
    let key = at
        .certificate()
        .map_or_else(|| "The RSA key".to_owned(), |_| format!("The RSA key of {}", place(at)));
    match weakness {
        RsaWeakness::ClosePrimes => {
            format!("{key} has primes so close to each other that they can be found.")
        }
        RsaWeakness::Exponent => {
            format!("{key} has a public exponent that is even, below 65537 or longer than 33 bits.")
        }
        RsaWeakness::Roca => {
            format!("{key} was made by a library with the ROCA flaw (CVE-2017-15361), so it can be computed.")
        }
        RsaWeakness::Size { bits } => {
            format!("{key} has {bits} bits; it must have 2048 to 8192, and a multiple of 8.")
        }
        RsaWeakness::SmallFactor { factor } => format!("{key} has a modulus that is divisible by {factor}."),
        RsaWeakness::UnevenPrimes => {
            format!("{key} has primes that do not each have half the bits of the modulus.")
        }
    }
}

const fn what_is_wrong(error: Option<NameError>) -> &'static str {
    match error {
        None => "is an IP address of the wrong length",
        Some(NameError::BadLabel) => "has a character that host names do not have",
        Some(NameError::BadLabelLength) => "has a label that is empty or longer than 63 octets",
        Some(NameError::EndsInNumber) => "is written as an IP address, but stands among the DNS names",
        Some(NameError::TooLong) => "is longer than 253 octets",
        Some(NameError::Undecodable) => "has an internationalized label that does not decode",
        Some(NameError::Underscore) => "has an underscore, which host names do not have",
        Some(NameError::WildcardInside) => "has a wildcard that is not the whole left-most label",
    }
}
