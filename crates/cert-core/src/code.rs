//! The public numbers of the API.

use core::fmt;

/// A number that the API documents for a refusal.
///
/// Clients of the wire match on it. Programs that link the crates match on the error enums and on
/// [`Rule`](crate::Rule), which are finer. Its first three digits are the HTTP status.
///
/// ```
/// use cert_core::ErrorCode;
///
/// assert_eq!(ErrorCode::QuotaExceeded.as_u32(), 400500);
/// assert_eq!(ErrorCode::Undecodable.http_status(), 404);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorCode {
    /// The remaining validity is too short.
    ValidityTooShort = 400322,
    /// The chain does not verify, or breaks a rule.
    ChainInvalid = 400323,
    /// The certificate has expired.
    Expired = 400329,
    /// No such certificate.
    NotFound = 400401,
    /// The owner's certificate quota is exceeded.
    QuotaExceeded = 400500,
    /// The certificate is bound to a CDN domain.
    BoundToCdn = 400611,
    /// The certificate is bound to a storage domain.
    BoundToStorage = 400911,
    /// The certificate or the key cannot be decoded, or they do not belong together.
    Undecodable = 404906,
    /// The caller may not operate on this certificate.
    NotPermitted = 404908,
}

impl ErrorCode {
    /// The number on the wire.
    pub const fn as_u32(self) -> u32 {
        self as u32
    }

    /// The HTTP status that the number stands for: its first three digits.
    pub const fn http_status(self) -> u16 {
        (self as u32 / 1000) as u16
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u32().fmt(f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.as_u32())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn the_nine_numbers_and_their_statuses() {
        let documented = [
            (ErrorCode::QuotaExceeded, 400500, 400),
            (ErrorCode::Undecodable, 404906, 404),
            (ErrorCode::ChainInvalid, 400323, 400),
            (ErrorCode::ValidityTooShort, 400322, 400),
            (ErrorCode::Expired, 400329, 400),
            (ErrorCode::NotFound, 400401, 400),
            (ErrorCode::NotPermitted, 404908, 404),
            (ErrorCode::BoundToCdn, 400611, 400),
            (ErrorCode::BoundToStorage, 400911, 400),
        ];
        for (code, number, status) in documented {
            assert_eq!((code.as_u32(), code.http_status()), (number, status), "{code:?}");
        }
    }
}
