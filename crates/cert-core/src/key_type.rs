//! The kinds of public keys that a certificate may have here.

use core::fmt;

/// The type of a key, and its size where the type does not say it.
///
/// ```
/// use cert_core::KeyType;
///
/// assert_eq!(KeyType::Rsa { bits: 2048 }.to_string(), "RSA 2048");
/// assert_eq!(KeyType::EcP256.to_string(), "EC P-256");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
