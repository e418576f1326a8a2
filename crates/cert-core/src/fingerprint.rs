//! SHA-256 fingerprints.

use core::{fmt, str::FromStr};

use aws_lc_rs::digest;

/// A SHA-256 digest that identifies a certificate (of its DER) or a public key (of its `SubjectPublicKeyInfo`).
///
/// Displays as 64 lower-case hex digits; parses in any case, with or without colons.
///
/// ```
/// use cert_core::Fingerprint;
///
/// let of_nothing = Fingerprint::of(b"");
/// assert!(of_nothing.to_string().starts_with("e3b0c44298fc1c14"));
/// assert_eq!(of_nothing.to_string().to_uppercase().parse(), Ok(of_nothing));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut value = [0; 32];
        value.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(value)
    }

    /// From a digest that was computed before.
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// # Errors
    /// [`FingerprintError`] unless the text is 64 hex digits, colons apart.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut digits = text.chars().filter(|&c| c != ':').map(|c| c.to_digit(16));
        let mut value = [0; 32];
        for byte in &mut value {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(FingerprintError);
            };
            *byte = (high << 4 | low) as u8;
        }
        digits.next().is_none().then_some(Self(value)).ok_or(FingerprintError)
    }
}

/// The text is not a SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 fingerprint is 64 hex digits, with or without colons")]
pub struct FingerprintError;

#[cfg(feature = "serde")]
impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            text.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn only_64_digits_parse() {
        let text = Fingerprint::of(b"x").to_string();
        for bad in [&text[1..], &format!("{text}0"), "", "zz", &text.replace('0', "g")] {
            assert!(bad.parse::<Fingerprint>().is_err() || bad == text, "{bad}");
        }
    }
}
