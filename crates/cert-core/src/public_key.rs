//! Subject public key info (RFC 5280 section 4.1.2.7): which key it is, and whether it is one that is supported.

use der::{
    Decode as _, Reader as _, SliceReader,
    asn1::{AnyRef, ObjectIdentifier},
};
use pki_types::alg_id;

use crate::{
    KeyType,
    cursor::{Cursor, INTEGER, SEQUENCE, unsigned},
};

/// What a `SubjectPublicKeyInfo` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubjectPublicKeyInfo {
    Supported(KeyType),
    Unsupported { name: String },
}

impl SubjectPublicKeyInfo {
    /// Reads the DER of a `SubjectPublicKeyInfo`.
    pub(crate) fn read(der: &[u8]) -> der::Result<Self> {
        let mut outer = Cursor::new(der);
        let mut info = outer.enter(SEQUENCE)?;
        let algorithm = KeyAlgorithm::read_next(&mut info, der)?;
        let (key, _) = info.bit_string()?;
        info.finish()?;
        outer.finish()?;
        Ok(match algorithm {
            KeyAlgorithm::Rsa => match rsa_public_numbers(key) {
                Some((modulus, _)) => Self::rsa(bit_length(modulus)),
                None => Self::Unsupported { name: "RSA with a malformed key".into() },
            },
            KeyAlgorithm::Fixed(key_type) => Self::Supported(key_type),
            KeyAlgorithm::Unsupported(name) => Self::Unsupported { name },
        })
    }

    fn rsa(bits: usize) -> Self {
        match u16::try_from(bits) {
            Ok(bits) => Self::Supported(KeyType::Rsa { bits }),
            Err(_) => Self::Unsupported { name: format!("RSA {bits}") },
        }
    }

    /// The type of a supported key, or the name of another one.
    pub(crate) fn key_type(&self) -> Result<KeyType, &str> {
        match self {
            Self::Supported(key_type) => Ok(*key_type),
            Self::Unsupported { name } => Err(name),
        }
    }
}

/// What an `AlgorithmIdentifier` of a key says, public or private.
pub(crate) enum KeyAlgorithm {
    /// A type without a size of its own.
    Fixed(KeyType),
    Rsa,
    Unsupported(String),
}

impl KeyAlgorithm {
    /// Reads an `AlgorithmIdentifier`.
    fn read_next(cursor: &mut Cursor<'_>, der: &[u8]) -> der::Result<Self> {
        // Nearly all are one of these to the octet.
        let common = match cursor.clone().value(SEQUENCE)?.of(der) {
            identifier if identifier == alg_id::RSA_ENCRYPTION.as_ref() => Self::Rsa,
            identifier if identifier == alg_id::ECDSA_P256.as_ref() => Self::Fixed(KeyType::EcP256),
            identifier if identifier == alg_id::ECDSA_P384.as_ref() => Self::Fixed(KeyType::EcP384),
            _ => return cursor.with_der(|reader| reader.sequence(Self::read)),
        };
        cursor.element()?;
        Ok(common)
    }

    /// Reads the content of an `AlgorithmIdentifier`.
    pub(crate) fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        let algorithm = ObjectIdentifier::decode(reader)?;
        let parameters = if reader.is_finished() { None } else { Some(AnyRef::decode(reader)?) };
        Ok(match algorithm {
            RSA_ENCRYPTION => Self::Rsa,
            ED25519 => Self::Fixed(KeyType::Ed25519),
            EC_PUBLIC_KEY => match parameters.map(AnyRef::decode_as::<ObjectIdentifier>) {
                Some(Ok(curve)) => Self::named_curve(curve),
                _ => Self::Unsupported("EC with explicit curve parameters".into()),
            },
            other => Self::Unsupported(name_of(other)),
        })
    }

    /// The key on a named curve of RFC 5480.
    pub(crate) fn named_curve(curve: ObjectIdentifier) -> Self {
        match curve {
            SECP256R1 => Self::Fixed(KeyType::EcP256),
            SECP384R1 => Self::Fixed(KeyType::EcP384),
            SECP521R1 => Self::Fixed(KeyType::EcP521),
            other => Self::Unsupported(format!("EC on curve {}", name_of(other))),
        }
    }
}

/// The bits of `subjectPublicKey` in a `SubjectPublicKeyInfo`.
pub(crate) fn subject_public_key(spki: &[u8]) -> Option<&[u8]> {
    let mut info = Cursor::new(spki).enter(SEQUENCE).ok()?;
    info.element().ok()?;
    let (octets, unused_bits) = info.bit_string().ok()?;
    (info.is_finished() && unused_bits == 0).then_some(octets)
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 A.1.1), without leading zeros.
pub(crate) fn rsa_public_numbers(public: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Cursor::new(public);
    let mut numbers = outer.enter(SEQUENCE).ok()?;
    let modulus = unsigned(numbers.value(INTEGER).ok()?.of(public))?;
    let exponent = unsigned(numbers.value(INTEGER).ok()?.of(public))?;
    (numbers.is_finished() && outer.is_finished()).then_some((modulus, exponent))
}

/// Bits of a big-endian number without leading zeros.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    let leading_zeros = number.iter().take_while(|&&b| b == 0).count();
    let significant = &number[leading_zeros..];
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

/// 1.2.840.113549.1.1.1
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The name of an algorithm or curve that is not supported, else its object identifier.
fn name_of(oid: ObjectIdentifier) -> String {
    const NAMES: [(&str, &str); 17] = [
        ("1.2.840.10040.4.1", "DSA"),
        ("1.2.840.10045.3.1.1", "P-192"),
        ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
        ("1.2.840.113549.1.1.7", "RSAES-OAEP"),
        ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
        ("1.2.156.10197.1.301", "SM2"),
        ("1.3.101.110", "X25519"),
        ("1.3.101.111", "X448"),
        ("1.3.101.113", "Ed448"),
        ("1.3.132.0.10", "secp256k1"),
        ("1.3.132.0.33", "P-224"),
        ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
        ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
        ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
        ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
        ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
        ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ];
    let dotted = oid.to_string();
    NAMES
        .iter()
        .find(|(known, _)| *known == dotted)
        .map_or_else(|| dotted.clone(), |(_, name)| (*name).into())
}
