//! Private keys: read by their object identifier, and compared with a public key.

use core::fmt;

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
        ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
        UnparsedPublicKey, VerificationAlgorithm,
    },
};
use der::{
    Decode as _, Encode as _, Header, Length, Reader as _, SliceReader, Tag,
    asn1::{ObjectIdentifier, OctetStringRef},
};
use pki_types::alg_id;
use zeroize::Zeroizing;

use crate::{
    Certificate, Fingerprint, KeyType, pem,
    public_key::{KeyAlgorithm, subject_public_key},
    rsa_key::{RsaNumbers, RsaWeakness},
};

/// The encoding that a private key was sent in, and is given back in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// `RSAPrivateKey` of PKCS #1 (RFC 8017 A.1.2): `RSA PRIVATE KEY`.
    Pkcs1,
    /// `PrivateKeyInfo` of PKCS #8 (RFC 5208, RFC 5958): `PRIVATE KEY`.
    Pkcs8,
    /// `ECPrivateKey` of SEC 1 (RFC 5915): `EC PRIVATE KEY`.
    Sec1,
}

impl KeyForm {
    /// The PEM label of this form.
    pub const fn pem_label(self) -> &'static str {
        match self {
            Self::Pkcs1 => "RSA PRIVATE KEY",
            Self::Pkcs8 => "PRIVATE KEY",
            Self::Sec1 => "EC PRIVATE KEY",
        }
    }
}

/// A private key that loads: its parts belong together as far as loading it can tell.
///
/// It is wiped when dropped, cannot be cloned, and shows nothing of itself in `Debug`.
pub struct PrivateKey {
    form: KeyForm,
    der: Zeroizing<Vec<u8>>,
    key_type: KeyType,
    loaded: Loaded,
    weakness: Option<RsaWeakness>,
}

/// Why bytes are not a private key that works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrivateKeyError {
    /// It does not load: malformed, or its parts do not belong together.
    Invalid,
    /// It signs, but its own public key does not verify that.
    Unusable,
    Unsupported {
        name: String,
    },
}

enum Loaded {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<rsa::KeyPair>),
    /// An RSA key so weak that nothing signs with it: only its modulus is known.
    RsaTooWeak {
        modulus: Vec<u8>,
    },
}

impl PrivateKey {
    /// Reads a key in `form`. `curve` is that of an `EC PARAMETERS` block before it.
    pub(crate) fn decode(
        der: Zeroizing<Vec<u8>>,
        form: KeyForm,
        curve: Option<ObjectIdentifier>,
    ) -> Result<Self, PrivateKeyError> {
        match form {
            KeyForm::Pkcs1 => Self::rsa(der, form),
            KeyForm::Pkcs8 => Self::pkcs8(der),
            KeyForm::Sec1 => Self::sec1(der, curve),
        }
    }

    /// The encoding that it was sent in.
    pub const fn form(&self) -> KeyForm {
        self.form
    }

    /// Its type.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The key itself: DER in its [`form`](Self::form), as it was sent.
    pub fn secret_der(&self) -> &[u8] {
        &self.der
    }

    /// The key itself as PEM in its [`form`](Self::form).
    pub fn secret_pem(&self) -> Zeroizing<String> {
        // Base64 with line ends and both boundaries, so that the text never moves and leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(self.der.len() * 3 / 2 + 128));
        pem::encode(self.form.pem_label(), &self.der, &mut text);
        text
    }

    /// SHA-256 of the `SubjectPublicKeyInfo` of its public key, as
    /// [`Certificate::spki_fingerprint`](crate::Certificate::spki_fingerprint) of a certificate for it. `None` for an
    /// RSA key that is too weak to be loaded.
    pub fn spki_fingerprint(&self) -> Option<Fingerprint> {
        let spki: PublicKeyX509Der<'_> = match &self.loaded {
            Loaded::Ecdsa(pair) => pair.public_key().as_der(),
            Loaded::Ed25519(pair) => pair.public_key().as_der(),
            Loaded::Rsa(pair) => pair.public_key().as_der(),
            Loaded::RsaTooWeak { .. } => return None,
        }
        .ok()?;
        Some(Fingerprint::of(spki.as_ref()))
    }

    /// The same key in PKCS #8, whatever form it came in.
    pub(crate) fn into_pkcs8(mut self) -> Self {
        let algorithm = match (self.form, self.key_type) {
            (KeyForm::Pkcs8, _) | (_, KeyType::Ed25519) => return self,
            (_, KeyType::EcP256) => alg_id::ECDSA_P256,
            (_, KeyType::EcP384) => alg_id::ECDSA_P384,
            (_, KeyType::EcP521) => alg_id::ECDSA_P521,
            (_, KeyType::Rsa { .. }) => alg_id::RSA_ENCRYPTION,
        };
        if let Ok(der) = to_pkcs8(&algorithm, &self.der) {
            (self.der, self.form) = (der, KeyForm::Pkcs8);
        }
        self
    }

    pub(crate) const fn weakness(&self) -> Option<RsaWeakness> {
        self.weakness
    }

    /// Whether the certificate's public key is this key's.
    pub(crate) fn belongs_to(&self, certificate: &Certificate) -> bool {
        if certificate.key_type() != Some(self.key_type) {
            return false;
        }
        let Some(public) = subject_public_key(certificate.spki_der()) else {
            return false;
        };
        match &self.loaded {
            Loaded::Ecdsa(pair) => is_same_point(pair.public_key().as_ref(), public),
            Loaded::Ed25519(pair) => pair.public_key().as_ref() == public,
            Loaded::Rsa(pair) => pair.public_key().as_ref() == public,
            Loaded::RsaTooWeak { modulus } => RsaNumbers::public_modulus(public) == Some(modulus),
        }
    }

    /// Signs and verifies once. Loading an RSA key does not notice a composite "prime"; a signature does.
    pub(crate) fn prove(&self) -> Result<(), PrivateKeyError> {
        let signed = match &self.loaded {
            Loaded::Ecdsa(pair) => prove_ecdsa(pair, self.key_type),
            Loaded::Ed25519(pair) => {
                let public = UnparsedPublicKey::new(&signature::ED25519, pair.public_key().as_ref());
                public.verify(PROOF_MESSAGE, pair.sign(PROOF_MESSAGE).as_ref()).is_ok()
            }
            Loaded::Rsa(pair) => prove_rsa(pair),
            Loaded::RsaTooWeak { .. } => true,
        };
        if signed { Ok(()) } else { Err(PrivateKeyError::Unusable) }
    }

    fn rsa(der: Zeroizing<Vec<u8>>, form: KeyForm) -> Result<Self, PrivateKeyError> {
        let pkcs1 = if form == KeyForm::Pkcs8 { pkcs8_content(&der)? } else { der.as_slice() };
        let numbers = RsaNumbers::read(pkcs1).ok_or(PrivateKeyError::Invalid)?;
        let bits = u16::try_from(numbers.modulus_bits()).map_err(|_| PrivateKeyError::Invalid)?;
        let weakness = numbers.weakness();
        let loaded = match rsa::KeyPair::from_der(pkcs1) {
            Ok(pair) => Loaded::Rsa(Box::new(pair)),
            // Sizes and exponents that are refused here are not loaded either: the weakness is what to tell.
            Err(_) if matches!(weakness, Some(RsaWeakness::Exponent | RsaWeakness::Size { .. })) => {
                Loaded::RsaTooWeak { modulus: numbers.modulus().to_vec() }
            }
            Err(_) => return Err(PrivateKeyError::Invalid),
        };
        Ok(Self { form, der, key_type: KeyType::Rsa { bits }, loaded, weakness })
    }

    fn pkcs8(der: Zeroizing<Vec<u8>>) -> Result<Self, PrivateKeyError> {
        let key_type = match pkcs8_algorithm(&der)? {
            KeyAlgorithm::Fixed(key_type) => key_type,
            KeyAlgorithm::Rsa => return Self::rsa(der, KeyForm::Pkcs8),
            KeyAlgorithm::Unsupported(name) => return Err(PrivateKeyError::Unsupported { name }),
        };
        let loaded = match signing_algorithm(key_type) {
            Some(algorithm) => EcdsaKeyPair::from_pkcs8(algorithm, &der).map(Loaded::Ecdsa),
            None => Ed25519KeyPair::from_pkcs8(&der).map(Loaded::Ed25519),
        };
        let loaded = loaded.map_err(|_| PrivateKeyError::Invalid)?;
        Ok(Self { form: KeyForm::Pkcs8, der, key_type, loaded, weakness: None })
    }

    fn sec1(der: Zeroizing<Vec<u8>>, curve: Option<ObjectIdentifier>) -> Result<Self, PrivateKeyError> {
        let key_type = sec1_key_type(&der, curve)?;
        let algorithm = signing_algorithm(key_type).ok_or(PrivateKeyError::Invalid)?;
        let pair =
            EcdsaKeyPair::from_private_key_der(algorithm, &der).map_err(|_| PrivateKeyError::Invalid)?;
        Ok(Self { form: KeyForm::Sec1, der, key_type, loaded: Loaded::Ecdsa(pair), weakness: None })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("form", &self.form)
            .field("key_type", &self.key_type)
            .finish_non_exhaustive()
    }
}

const PROOF_MESSAGE: &[u8] = b"certkeep: does this key sign?";

fn signing_algorithm(key_type: KeyType) -> Option<&'static EcdsaSigningAlgorithm> {
    match key_type {
        KeyType::EcP256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyType::EcP384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyType::EcP521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        KeyType::Ed25519 | KeyType::Rsa { .. } => None,
    }
}

fn prove_ecdsa(pair: &EcdsaKeyPair, key_type: KeyType) -> bool {
    let algorithm: &dyn VerificationAlgorithm = match key_type {
        KeyType::EcP256 => &ECDSA_P256_SHA256_ASN1,
        KeyType::EcP384 => &ECDSA_P384_SHA384_ASN1,
        _ => &ECDSA_P521_SHA512_ASN1,
    };
    let public = UnparsedPublicKey::new(algorithm, pair.public_key().as_ref());
    pair.sign(&SystemRandom::new(), PROOF_MESSAGE)
        .is_ok_and(|made| public.verify(PROOF_MESSAGE, made.as_ref()).is_ok())
}

fn prove_rsa(pair: &rsa::KeyPair) -> bool {
    let mut made = vec![0; pair.public_modulus_len()];
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), PROOF_MESSAGE, &mut made).is_ok()
        && public.verify(PROOF_MESSAGE, &made).is_ok()
}

/// Compares an uncompressed point with one that may be compressed (SEC 1 section 2.3.3).
fn is_same_point(uncompressed: &[u8], other: &[u8]) -> bool {
    match other.split_first() {
        Some((&sign @ (2 | 3), x)) => {
            let coordinates = &uncompressed[1..];
            let parity = coordinates.last().copied().unwrap_or(0) & 1;
            coordinates.len() == 2 * x.len() && coordinates.starts_with(x) && parity == sign & 1
        }
        _ => uncompressed == other,
    }
}

/// `PrivateKeyInfo` of version 0 around a key.
fn to_pkcs8(algorithm: &[u8], key: &[u8]) -> der::Result<Zeroizing<Vec<u8>>> {
    const VERSION: &[u8] = &[0x02, 0x01, 0x00];
    let header = |tag, length: usize| Header::new(tag, Length::try_from(length)?).to_der();
    let algorithm = [&header(Tag::Sequence, algorithm.len())?, algorithm].concat();
    let octets = header(Tag::OctetString, key.len())?;
    let length = VERSION.len() + algorithm.len() + octets.len() + key.len();
    let sequence = header(Tag::Sequence, length)?;
    // Made at its full size, so that the key never moves and leaves a copy behind.
    let mut der = Zeroizing::new(Vec::with_capacity(sequence.len() + length));
    for part in [&sequence, VERSION, &algorithm, &octets, key] {
        der.extend_from_slice(part);
    }
    Ok(der)
}

fn pkcs8_algorithm(der: &[u8]) -> Result<KeyAlgorithm, PrivateKeyError> {
    read_pkcs8(der).map(|(algorithm, _)| algorithm)
}

fn pkcs8_content(der: &[u8]) -> Result<&[u8], PrivateKeyError> {
    read_pkcs8(der).map(|(_, content)| content)
}

/// Reads `PrivateKeyInfo`: its algorithm and the octets of its key.
fn read_pkcs8(der: &[u8]) -> Result<(KeyAlgorithm, &[u8]), PrivateKeyError> {
    let read = || {
        let mut reader = SliceReader::new(der)?;
        let parts = reader.sequence(|info| {
            u8::decode(info)?;
            let algorithm = info.sequence(KeyAlgorithm::read)?;
            let content = <&OctetStringRef>::decode(info)?.as_bytes();
            // Attributes, and the public key of version 2.
            info.drain(info.remaining_len())?;
            Ok::<_, der::Error>((algorithm, content))
        })?;
        reader.finish()?;
        Ok::<_, der::Error>(parts)
    };
    read().map_err(|_| PrivateKeyError::Invalid)
}

/// The curve inside `ECPrivateKey`, else that of the block before it, else the one whose keys have this length.
fn sec1_key_type(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<KeyType, PrivateKeyError> {
    let read = || {
        let mut reader = SliceReader::new(der)?;
        let parts = reader.sequence(|key| {
            u8::decode(key)?;
            let length = <&OctetStringRef>::decode(key)?.as_bytes().len();
            let inner = key.context_specific::<ObjectIdentifier>(der::TagNumber(0), der::TagMode::Explicit);
            key.drain(key.remaining_len())?;
            Ok::<_, der::Error>((length, inner))
        })?;
        reader.finish()?;
        Ok::<_, der::Error>(parts)
    };
    let (length, inner) = read().map_err(|_| PrivateKeyError::Invalid)?;
    let inner = inner
        .map_err(|_| PrivateKeyError::Unsupported { name: "EC with explicit curve parameters".into() })?;
    match (inner.or(curve).map(KeyAlgorithm::named_curve), length) {
        (Some(KeyAlgorithm::Fixed(key_type)), _) => Ok(key_type),
        (Some(KeyAlgorithm::Unsupported(name)), _) => Err(PrivateKeyError::Unsupported { name }),
        (_, 32) => Ok(KeyType::EcP256),
        (_, 48) => Ok(KeyType::EcP384),
        (_, 66) => Ok(KeyType::EcP521),
        _ => Err(PrivateKeyError::Invalid),
    }
}
