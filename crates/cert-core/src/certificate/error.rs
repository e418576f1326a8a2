//! Why bytes are not a certificate.

use super::date::DateError;

/// Why bytes are not a certificate, or not one that is read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateError {
    BadDate(DateError),
    /// Not DER, or not the structure of a certificate.
    Der {
        offset: usize,
        kind: String,
    },
    TooLarge {
        len: usize,
        max: usize,
    },
    TooManyExtensions {
        max: usize,
    },
    TooManyNames {
        max: usize,
    },
    TooManyPurposes {
        max: usize,
    },
    /// Bytes after the end of the certificate.
    TrailingData {
        len: usize,
    },
    /// The outer length says that there is more than there is.
    Truncated {
        expected: usize,
        actual: usize,
    },
}

impl CertificateError {
    /// Moves an offset that was counted from the start of a part.
    pub(super) fn at(self, start: usize) -> Self {
        match self {
            Self::Der { offset, kind } => Self::Der { offset: offset + start, kind },
            other => other,
        }
    }
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        let offset = error.position().map_or(0, |position| u32::from(position) as usize);
        Self::Der { offset, kind: error.kind().to_string() }
    }
}
