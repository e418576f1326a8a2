//! The stable ids of everything that can be found.

use core::{fmt, str::FromStr};

/// Writes the enum, its ids and its list from one table.
macro_rules! rules {
    ($($(#[$doc:meta])+ $variant:ident = $id:literal,)+) => {
        /// What a finding is an instance of. The id ([`as_str`](Rule::as_str)) never changes: programs match on it
        /// and translations hang from it.
        ///
        /// ```
        /// use cert_core::Rule;
        ///
        /// assert_eq!(Rule::KeyMismatch.as_str(), "key_mismatch");
        /// assert_eq!("key_mismatch".parse(), Ok(Rule::KeyMismatch));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])+ $variant,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable id.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }
        }
    };
}

rules! {
    /// A critical authority key identifier.
    AkiCritical = "aki_critical",
    /// An authority key identifier in a form that is not allowed.
    AkiForm = "aki_form",
    /// No authority key identifier.
    AkiMissing = "aki_missing",
    /// A trust anchor that is not valid at this time.
    AnchorExpired = "anchor_expired",
    /// A trust anchor that is not a CA's.
    AnchorNotACa = "anchor_not_a_ca",
    /// A trust anchor with an extended key usage.
    AnchorPurposes = "anchor_purposes",
    /// A character that base64 does not have.
    BadCharacter = "bad_character",
    /// A date in a form that RFC 5280 does not allow.
    BadDate = "bad_date",
    /// Not the DER of a certificate.
    BadDer = "bad_der",
    /// Base64 that does not end where a byte does.
    BadPadding = "bad_padding",
    /// A signature is not the issuer's.
    BadSignature = "bad_signature",
    /// Basic constraints of an issuer that are not critical.
    BasicConstraintsNotCritical = "basic_constraints_not_critical",
    /// A BEGIN or END line with the wrong dashes.
    BoundaryDamaged = "boundary_damaged",
    /// Base64 without BEGIN and END lines.
    BoundaryMissing = "boundary_missing",
    /// A chain that asks for too much work.
    BudgetExceeded = "budget_exceeded",
    /// A CA certificate in the place of a leaf.
    CaAsLeaf = "ca_as_leaf",
    /// A CA without a subject.
    CaWithoutName = "ca_without_name",
    /// A certificate in the key's field.
    CertificateInKey = "certificate_in_key",
    /// A certificate above the cap on its size.
    CertificateTooLarge = "certificate_too_large",
    /// A leaf that is for TLS clients too.
    ClientAuth = "client_auth",
    /// A Cloudflare Origin certificate.
    CloudflareOrigin = "cloudflare_origin",
    /// A common name that is a badly written IP address.
    CommonNameForm = "common_name_form",
    /// A common name that is no subject alternative name.
    CommonNameMismatch = "common_name_mismatch",
    /// A critical extension that is not understood.
    CriticalExtension = "critical_extension",
    /// A certificate revocation list.
    Crl = "crl",
    /// A certificate signing request.
    Csr = "csr",
    /// Diffie-Hellman parameters.
    DhParameters = "dh_parameters",
    /// A certificate that stands twice in the chain.
    DuplicateCertificate = "duplicate_certificate",
    /// An extension that stands twice.
    DuplicateExtension = "duplicate_extension",
    /// Nothing was sent.
    Empty = "empty",
    /// A block without content.
    EmptyBlock = "empty_block",
    /// Line breaks written as `\n`.
    EscapedNewlines = "escaped_newlines",
    /// Expired.
    Expired = "expired",
    /// An extension whose value does not decode.
    ExtensionMalformed = "extension_malformed",
    /// A served extra that ends before the path.
    ExtraEndsEarlier = "extra_ends_earlier",
    /// Chain and key in each other's field.
    FieldsSwapped = "fields_swapped",
    /// An intermediate that has expired.
    IntermediateExpired = "intermediate_expired",
    /// An intermediate that is not valid yet.
    IntermediateNotYetValid = "intermediate_not_yet_valid",
    /// An issuer whose key usage does not let it sign certificates.
    IssuerKeyUsage = "issuer_key_usage",
    /// An issuer that is in neither chain nor trust anchors.
    IssuerMissing = "issuer_missing",
    /// A key derivation that costs too much.
    KdfTooCostly = "kdf_too_costly",
    /// A key that is known to be compromised.
    KeyDenied = "key_denied",
    /// A passphrase-protected key.
    KeyEncrypted = "key_encrypted",
    /// A private key that is encrypted in a way that is not supported.
    KeyEncryptionUnsupported = "key_encryption_unsupported",
    /// A private key among the certificates.
    KeyInChain = "key_in_chain",
    /// A key that does not work.
    KeyInvalid = "key_invalid",
    /// A key that belongs to another certificate.
    KeyMismatch = "key_mismatch",
    /// A key of a type that is not supported.
    KeyUnsupported = "key_unsupported",
    /// BEGIN and END that name different things.
    LabelMismatch = "label_mismatch",
    /// A leaf whose key usage does not fit a TLS server.
    LeafKeyUsage = "leaf_key_usage",
    /// From Let's Encrypt's staging environment.
    LetsEncryptStaging = "lets_encrypt_staging",
    /// A lifetime above what public CAs may give.
    LifetimeTooLong = "lifetime_too_long",
    /// A malformed part of a certificate.
    Malformed = "malformed",
    /// A leaf that demands a stapled OCSP response.
    MustStaple = "must_staple",
    /// A name outside an issuer's name constraints.
    NameConstraints = "name_constraints",
    /// Name constraints that constrain nothing.
    NameConstraintsEmpty = "name_constraints_empty",
    /// A malformed name constraint.
    NameConstraintsForm = "name_constraints_form",
    /// Name constraints in a leaf.
    NameConstraintsInLeaf = "name_constraints_in_leaf",
    /// Name constraints that are not critical.
    NameConstraintsNotCritical = "name_constraints_not_critical",
    /// Lost line breaks.
    NewlinesLost = "newlines_lost",
    /// Text without any block.
    NoPem = "no_pem",
    /// An issuer that is not a CA.
    NotACa = "not_a_ca",
    /// Neither text nor known DER.
    NotText = "not_text",
    /// Not valid yet.
    NotYetValid = "not_yet_valid",
    /// A key in OpenSSH's format.
    OpensshKey = "openssh_key",
    /// Too many intermediates.
    PathDepth = "path_depth",
    /// More CAs below an issuer than it allows.
    PathLength = "path_length",
    /// A PKCS #12 file.
    Pkcs12 = "pkcs12",
    /// A PKCS #12 file that is damaged, or is none.
    Pkcs12Malformed = "pkcs12_malformed",
    /// A PKCS #12 file without certificates.
    Pkcs12NoCertificate = "pkcs12_no_certificate",
    /// A PKCS #12 file without a private key.
    Pkcs12NoKey = "pkcs12_no_key",
    /// A PKCS #7 bundle.
    Pkcs7 = "pkcs7",
    /// Policy constraints that are not critical.
    PolicyConstraintsNotCritical = "policy_constraints_not_critical",
    /// A precertificate.
    Precertificate = "precertificate",
    /// A CA that no browser trusts.
    PrivateCa = "private_ca",
    /// A public key.
    PublicKey = "public_key",
    /// A wildcard on a public suffix.
    PublicSuffixWildcard = "public_suffix_wildcard",
    /// Purposes without TLS server authentication.
    PurposeMissing = "purpose_missing",
    /// A critical extended key usage.
    PurposesCritical = "purposes_critical",
    /// No extended key usage.
    PurposesMissing = "purposes_missing",
    /// Certificates in another order than that of serving.
    Reordered = "reordered",
    /// A trust anchor in the chain.
    RootIncluded = "root_included",
    /// RSA primes that are too close.
    RsaClosePrimes = "rsa_close_primes",
    /// A bad RSA public exponent.
    RsaExponent = "rsa_exponent",
    /// An RSA key of the ROCA vulnerability.
    RsaRoca = "rsa_roca",
    /// An RSA key of a bad size.
    RsaSize = "rsa_size",
    /// An RSA modulus with a small factor.
    RsaSmallFactor = "rsa_small_factor",
    /// RSA primes of uneven size.
    RsaUnevenPrimes = "rsa_uneven_primes",
    /// Too many keys for one issuer name.
    SameNameIssuers = "same_name_issuers",
    /// Critical subject alternative names beside a subject.
    SanCritical = "san_critical",
    /// No subject alternative name.
    SanMissing = "san_missing",
    /// A subject alternative name that no client can match.
    SanNameInvalid = "san_name_invalid",
    /// Subject alternative names that should be critical.
    SanNotCritical = "san_not_critical",
    /// No embedded certificate timestamps.
    SctMissing = "sct_missing",
    /// A self-signed leaf.
    SelfSigned = "self_signed",
    /// A self-signed leaf that is itself a trust anchor.
    SelfSignedTrusted = "self_signed_trusted",
    /// A serial number that is not positive or too long.
    SerialNumber = "serial_number",
    /// More than one common name.
    SeveralCommonNames = "several_common_names",
    /// More than one key.
    SeveralKeys = "several_keys",
    /// A signature algorithm that is not supported.
    SignatureAlgorithm = "signature_algorithm",
    /// A critical subject key identifier.
    SkiCritical = "ski_critical",
    /// An issuer without subject key identifier.
    SkiMissing = "ski_missing",
    /// Dashes that a word processor changed.
    SmartDashes = "smart_dashes",
    /// An END without BEGIN.
    StrayEnd = "stray_end",
    /// Input above the cap.
    TooLarge = "too_large",
    /// Too many certificates.
    TooManyCertificates = "too_many_certificates",
    /// Too many extensions.
    TooManyExtensions = "too_many_extensions",
    /// Too many names.
    TooManyNames = "too_many_names",
    /// Too many purposes.
    TooManyPurposes = "too_many_purposes",
    /// Bytes behind a certificate.
    TrailingData = "trailing_data",
    /// Text or DER that stops before its end.
    Truncated = "truncated",
    /// A block with a label that is not known.
    UnexpectedBlock = "unexpected_block",
    /// A critical extension of a trust anchor that is not understood.
    UnknownCriticalExtension = "unknown_critical_extension",
    /// A certificate that the path does not need.
    UnrelatedCertificate = "unrelated_certificate",
    /// A type of key that public CAs do not certify.
    UnusualKeyType = "unusual_key_type",
    /// Too little validity left.
    ValidityTooShort = "validity_too_short",
    /// A passphrase that does not open the key.
    WrongPassphrase = "wrong_passphrase",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    /// # Errors
    /// [`UnknownRule`] for a text that is no rule's id.
    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

/// A text that is no rule's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{0}`")]
pub struct UnknownRule(String);

#[cfg(feature = "serde")]
impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn ids_are_unique_and_read_back() {
        let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(*rule));
        }
        assert!("no_such_rule".parse::<Rule>().is_err());
    }
}
