//! The first finding that refuses.

use core::fmt;

use crate::{
    Cause, Certificate, ErrorCode, Explain, Finding, Language, Level, Rule,
    decode::{DecodeError, Failure, FailureCause},
};

/// Why an upload is refused: the first finding of level [`Level::Error`], in the fixed order of verdicts.
///
/// Match on [`cause`](Self::cause), whose five refusing kinds are decoding, key, validity, path and a broken rule, or
/// on [`rule`](Self::rule). `Display` is the English message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Finding>);

impl Error {
    pub(crate) fn new(finding: Finding) -> Self {
        Self(Box::new(finding))
    }

    pub(crate) fn from_failure(failure: Failure) -> Self {
        let (cause, location) = failure.into_parts();
        let cause = match cause {
            FailureCause::Decode(error) => Cause::Decode(error),
            FailureCause::Key(error) => Cause::Key(error),
        };
        Self::new(Finding::new(cause, Level::Error, location))
    }

    /// A trust anchor that decodes but has a part that only `webpki` looks at.
    pub(crate) fn undecodable_anchor(certificate: &Certificate, error: webpki::Error) -> Self {
        let cause = Cause::Decode(DecodeError::BadDer { offset: 0, kind: error.to_string() });
        Self::new(Finding::new(cause, Level::Error, certificate.location()))
    }

    /// What refuses.
    pub fn cause(&self) -> &Cause {
        self.0.cause()
    }

    /// The public number.
    pub fn code(&self) -> ErrorCode {
        self.0.code().unwrap_or(ErrorCode::ChainInvalid)
    }

    /// The stable id.
    pub fn rule(&self) -> Rule {
        self.0.rule()
    }

    /// All of it: cause, location, texts.
    pub fn finding(&self) -> &Finding {
        &self.0
    }

    /// The same, for keeping.
    pub fn into_finding(self) -> Finding {
        *self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message(Language::En))
    }
}

impl core::error::Error for Error {}

impl Explain for Error {
    fn rule(&self) -> &'static str {
        self.0.rule().as_str()
    }

    fn message(&self, language: Language) -> String {
        self.0.message(language)
    }

    fn fix(&self, language: Language) -> Option<String> {
        self.0.fix(language)
    }
}
