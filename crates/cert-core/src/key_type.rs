//! The kinds of public keys that a certificate may have here.

use core::{fmt, str::FromStr};

/// The type of a key, and its size where the type does not say it.
///
/// ```
/// use cert_core::KeyType;
///
/// assert_eq!(KeyType::Rsa { bits: 2048 }.to_string(), "RSA 2048");
/// assert_eq!(KeyType::EcP256.to_string(), "EC P-256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on NIST P-256 (secp256r1).
    EcP256,
    /// ECDSA on NIST P-384 (secp384r1).
    EcP384,
    /// ECDSA on NIST P-521 (secp521r1).
    EcP521,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// RSA (`rsaEncryption`) with the length of its modulus.
    Rsa {
        /// Bits of the modulus.
        bits: u16,
    },
}

impl KeyType {
    /// The algorithm alone, as TLS configurations name it: `RSA`, `ECDSA` or `Ed25519`.
    pub const fn algorithm(self) -> &'static str {
        match self {
            Self::EcP256 | Self::EcP384 | Self::EcP521 => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Rsa { .. } => "RSA",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EcP256 => f.write_str("EC P-256"),
            Self::EcP384 => f.write_str("EC P-384"),
            Self::EcP521 => f.write_str("EC P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    /// Reads what `Display` writes.
    ///
    /// # Errors
    /// [`UnknownKeyType`] for any other text.
    fn from_str(text: &str) -> Result<Self, UnknownKeyType> {
        let unknown = || UnknownKeyType(text.to_owned());
        match text {
            "EC P-256" => Ok(Self::EcP256),
            "EC P-384" => Ok(Self::EcP384),
            "EC P-521" => Ok(Self::EcP521),
            "Ed25519" => Ok(Self::Ed25519),
            _ => {
                let bits = text.strip_prefix("RSA ").ok_or_else(unknown)?;
                bits.parse().map(|bits| Self::Rsa { bits }).map_err(|_| unknown())
            }
        }
    }
}

/// A text that names no type of key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type of key that is known here")]
pub struct UnknownKeyType(String);

/// As text, so that what is stored does not depend on the order of the variants.
#[cfg(feature = "serde")]
impl serde::Serialize for KeyType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for KeyType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyType;

    #[test]
    fn texts_read_back() {
        for key_type in
            [KeyType::EcP256, KeyType::EcP384, KeyType::EcP521, KeyType::Ed25519, KeyType::Rsa { bits: 4096 }]
        {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
        }
        assert!("RSA".parse::<KeyType>().is_err() && "EC P-224".parse::<KeyType>().is_err());
    }
}
