//! Findings: one thing each that is wrong, odd or worth knowing.

use crate::{
    Breach, DecodeError, ErrorCode, KeyError, Language, Location, PathError, Rule, ServedNote, Unexpected,
    ValidityError, explain,
};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Level {
    /// It refuses the upload.
    Error,
    /// It is worth a look.
    Warning,
    /// It is good to know.
    Info,
}

/// What was found, with what makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A field does not decode.
    Decode(DecodeError),
    /// The key cannot be used.
    Key(KeyError),
    /// There is no path.
    Path(PathError),
    /// A rule is broken.
    Rule(Breach),
    /// What became of an uploaded certificate.
    Served(ServedNote),
    /// The leaf's validity, or that of the path's first end.
    Validity(ValidityError),
}

/// One finding: the cause, its weight, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    cause: Cause,
    level: Level,
    location: Location,
}

/// What was expected, and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// What was expected.
    pub expected: String,
    /// What there is.
    pub actual: String,
}

impl Contrast {
    /// Always there: for the texts, of which only some have one.
    #[expect(clippy::unnecessary_wraps, reason = "what has a contrast reads as what has none")]
    pub(crate) fn of(expected: impl Into<String>, actual: impl ToString) -> Option<Self> {
        Some(Self { expected: expected.into(), actual: actual.to_string() })
    }
}

/// What explains itself to people: findings here, refusals in the layers above.
pub trait Explain {
    /// The stable id, such as `key_mismatch`.
    fn rule(&self) -> &'static str;

    /// What is wrong, in a sentence.
    fn message(&self, language: Language) -> String;

    /// What to do, where there is something to do.
    fn fix(&self, language: Language) -> Option<String>;
}

impl Finding {
    pub(crate) const fn new(cause: Cause, level: Level, location: Location) -> Self {
        Self { cause, level, location }
    }

    /// What was found.
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// The stable id.
    pub const fn rule(&self) -> Rule {
        self.cause.rule()
    }

    /// The public number of the refusal, where it refuses or would.
    pub const fn code(&self) -> Option<ErrorCode> {
        match (self.cause.code(), self.level) {
            // What only an exact chain order refuses.
            (None, Level::Error) => Some(ErrorCode::ChainInvalid),
            (code, _) => code,
        }
    }

    /// How much it weighs.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Where it is.
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// What is wrong, in a sentence.
    pub fn message(&self, language: Language) -> String {
        explain::message(self, language)
    }

    /// What to do, where there is something to do.
    pub fn fix(&self, language: Language) -> Option<String> {
        explain::fix(self, language)
    }

    /// What was expected and what there is instead, where a few words can say it.
    pub fn contrast(&self, language: Language) -> Option<Contrast> {
        explain::contrast(self, language)
    }
}

impl Explain for Finding {
    fn rule(&self) -> &'static str {
        self.rule().as_str()
    }

    fn message(&self, language: Language) -> String {
        self.message(language)
    }

    fn fix(&self, language: Language) -> Option<String> {
        self.fix(language)
    }
}

impl Cause {
    /// The stable id.
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Decode(error) => decode_rule(error),
            Self::Key(error) => match error {
                KeyError::DerivationTooCostly(_) => Rule::KdfTooCostly,
                KeyError::Encrypted => Rule::KeyEncrypted,
                KeyError::EncryptionUnsupported { .. } => Rule::KeyEncryptionUnsupported,
                KeyError::Invalid | KeyError::Unusable => Rule::KeyInvalid,
                KeyError::Mismatch(_) => Rule::KeyMismatch,
                KeyError::Unsupported { .. } => Rule::KeyUnsupported,
                KeyError::WrongPassphrase => Rule::WrongPassphrase,
            },
            Self::Path(error) => path_rule(error),
            Self::Rule(breach) => breach.rule(),
            Self::Served(note) => match note {
                ServedNote::Duplicate => Rule::DuplicateCertificate,
                ServedNote::ExtraEndsEarlier { .. } => Rule::ExtraEndsEarlier,
                ServedNote::Reordered => Rule::Reordered,
                ServedNote::RootIncluded => Rule::RootIncluded,
                ServedNote::Unrelated => Rule::UnrelatedCertificate,
            },
            Self::Validity(error) => match error {
                ValidityError::Expired { .. } => Rule::Expired,
                ValidityError::NotYetValid { .. } => Rule::NotYetValid,
                ValidityError::TooShort { .. } => Rule::ValidityTooShort,
            },
        }
    }

    /// The public number that the cause has where it refuses. A new cause does not compile until it has one.
    pub const fn code(&self) -> Option<ErrorCode> {
        Some(match self {
            Self::Decode(_) | Self::Key(_) => ErrorCode::Undecodable,
            Self::Path(_) | Self::Rule(_) | Self::Validity(ValidityError::NotYetValid { .. }) => {
                ErrorCode::ChainInvalid
            }
            Self::Served(_) => return None,
            Self::Validity(ValidityError::Expired { .. }) => ErrorCode::Expired,
            Self::Validity(ValidityError::TooShort { .. }) => ErrorCode::ValidityTooShort,
        })
    }
}

const fn decode_rule(error: &DecodeError) -> Rule {
    match error {
        DecodeError::BadCharacter { .. } => Rule::BadCharacter,
        DecodeError::BadDate { .. } => Rule::BadDate,
        DecodeError::BadDer { .. } => Rule::BadDer,
        DecodeError::BadPadding => Rule::BadPadding,
        DecodeError::BoundaryDamaged => Rule::BoundaryDamaged,
        DecodeError::BoundaryMissing => Rule::BoundaryMissing,
        DecodeError::CertificateTooLarge { .. } => Rule::CertificateTooLarge,
        DecodeError::Empty => Rule::Empty,
        DecodeError::EmptyBlock { .. } => Rule::EmptyBlock,
        DecodeError::EscapedNewlines => Rule::EscapedNewlines,
        DecodeError::FieldsSwapped => Rule::FieldsSwapped,
        DecodeError::LabelMismatch { .. } => Rule::LabelMismatch,
        DecodeError::NewlinesLost => Rule::NewlinesLost,
        DecodeError::NoCertificateInPkcs12 => Rule::Pkcs12NoCertificate,
        DecodeError::NoKeyInPkcs12 => Rule::Pkcs12NoKey,
        DecodeError::NoPem => Rule::NoPem,
        DecodeError::NotText => Rule::NotText,
        DecodeError::Pkcs12Malformed => Rule::Pkcs12Malformed,
        DecodeError::SeveralKeys { .. } => Rule::SeveralKeys,
        DecodeError::SmartDashes { .. } => Rule::SmartDashes,
        DecodeError::StrayEnd => Rule::StrayEnd,
        DecodeError::TooLarge { .. } => Rule::TooLarge,
        DecodeError::TooManyCertificates { .. } => Rule::TooManyCertificates,
        DecodeError::TooManyExtensions { .. } => Rule::TooManyExtensions,
        DecodeError::TooManyNames { .. } => Rule::TooManyNames,
        DecodeError::TooManyPurposes { .. } => Rule::TooManyPurposes,
        DecodeError::TrailingData { .. } => Rule::TrailingData,
        DecodeError::Truncated => Rule::Truncated,
        DecodeError::Unexpected(kind) => unexpected_rule(*kind),
        DecodeError::UnexpectedLabel { .. } => Rule::UnexpectedBlock,
    }
}

const fn unexpected_rule(kind: Unexpected) -> Rule {
    match kind {
        Unexpected::CertificateInKey => Rule::CertificateInKey,
        Unexpected::CertificateRequest => Rule::Csr,
        Unexpected::CertificateRevocationList => Rule::Crl,
        Unexpected::DhParameters => Rule::DhParameters,
        Unexpected::KeyInChain => Rule::KeyInChain,
        Unexpected::OpensshKey => Rule::OpensshKey,
        Unexpected::Pkcs12 => Rule::Pkcs12,
        Unexpected::Pkcs7 => Rule::Pkcs7,
        Unexpected::PublicKey => Rule::PublicKey,
    }
}

const fn path_rule(error: &PathError) -> Rule {
    match error {
        PathError::BadSignature { .. } => Rule::BadSignature,
        PathError::BudgetExceeded => Rule::BudgetExceeded,
        PathError::CaAsLeaf => Rule::CaAsLeaf,
        PathError::CloudflareOrigin => Rule::CloudflareOrigin,
        PathError::CriticalExtension => Rule::CriticalExtension,
        PathError::Depth { .. } => Rule::PathDepth,
        PathError::IssuerMissing(_) => Rule::IssuerMissing,
        PathError::KeysPerSubject { .. } => Rule::SameNameIssuers,
        PathError::LetsEncryptStaging => Rule::LetsEncryptStaging,
        PathError::Malformed { .. } => Rule::Malformed,
        PathError::NameConstraints => Rule::NameConstraints,
        PathError::NotACa => Rule::NotACa,
        PathError::PathLength => Rule::PathLength,
        PathError::PrivateCa { .. } => Rule::PrivateCa,
        PathError::PurposeMissing => Rule::PurposeMissing,
        PathError::SelfSigned => Rule::SelfSigned,
        PathError::SignatureAlgorithm => Rule::SignatureAlgorithm,
        PathError::Validity(ValidityError::NotYetValid { .. }) => Rule::IntermediateNotYetValid,
        PathError::Validity(_) => Rule::IntermediateExpired,
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    /// `rule`, `code`, `level`, `location`, and the English `message`, `expected`, `actual` and `fix`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut finding = serializer.serialize_struct("Finding", 8)?;
        finding.serialize_field("rule", &self.rule())?;
        finding.serialize_field("code", &self.code())?;
        finding.serialize_field("level", &self.level)?;
        finding.serialize_field("location", &self.location)?;
        finding.serialize_field("message", &self.message(Language::En))?;
        let contrast = self.contrast(Language::En);
        finding.serialize_field("expected", &contrast.as_ref().map(|contrast| &contrast.expected))?;
        finding.serialize_field("actual", &contrast.as_ref().map(|contrast| &contrast.actual))?;
        finding.serialize_field("fix", &self.fix(Language::En))?;
        finding.end()
    }
}
