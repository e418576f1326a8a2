//! Certificates to the octet, as no CA's software would make them.

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        RSA_PKCS1_SHA256,
    },
};
use pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};

/// A key that signs certificates, and what they say about it.
pub(super) struct Key {
    pair: Pair,
    spki: Vec<u8>,
    /// The `AlgorithmIdentifier` of its signatures.
    algorithm: &'static [u8],
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(Box<rsa::KeyPair>),
}

impl Key {
    pub(super) fn p256() -> Self {
        Self::ecdsa(
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key is made"),
            &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        )
    }

    pub(super) fn p521() -> Self {
        Self::ecdsa(
            EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).expect("a key is made"),
            &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        )
    }

    /// The longest RSA modulus with the slowest public exponent.
    pub(super) fn rsa_8192_a() -> Self {
        Self::rsa(RSA_8192_A)
    }

    /// Another one.
    pub(super) fn rsa_8192_b() -> Self {
        Self::rsa(include_bytes!("../../data/rsa8192_b.key.pem"))
    }

    fn ecdsa(pair: EcdsaKeyPair, algorithm: &'static [u8]) -> Self {
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key encodes");
        Self { spki: spki.as_ref().to_vec(), pair: Pair::Ecdsa(pair), algorithm }
    }

    fn rsa(pem: &[u8]) -> Self {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).expect("a frozen key decodes");
        let pair = rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).expect("a frozen key loads");
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a public key encodes");
        Self {
            spki: spki.as_ref().to_vec(),
            pair: Pair::Rsa(Box::new(pair)),
            algorithm: &[
                0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
            ],
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).expect("a key signs").as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a key signs");
                signature
            }
        }
    }
}

/// The key of `rsa8192_a.key.pem`.
pub(super) const RSA_8192_A: &[u8] = include_bytes!("../../data/rsa8192_a.key.pem");

/// A certificate that is not signed yet.
pub(super) struct Draft<'a> {
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) key: &'a Key,
    pub(super) extensions: Vec<Vec<u8>>,
}

impl<'a> Draft<'a> {
    /// A CA's.
    pub(super) fn ca(subject: &str, issuer: &str, key: &'a Key) -> Self {
        let basic_constraints = extension(&[0x55, 0x1d, 0x13], true, &sequence(&[&[0x01, 0x01, 0xff]]));
        Self { subject: name(subject), issuer: name(issuer), key, extensions: vec![basic_constraints] }
    }

    /// A leaf for TLS servers with these DNS names.
    pub(super) fn leaf(dns_names: &[String], issuer: &str, key: &'a Key) -> Self {
        let names: Vec<Vec<u8>> = dns_names.iter().map(|name| tlv(0x82, &[name.as_bytes()])).collect();
        let common_name = dns_names.first().map_or("", String::as_str);
        Self {
            subject: name(common_name),
            issuer: name(issuer),
            key,
            extensions: vec![
                extension(&[0x55, 0x1d, 0x11], false, &sequence(&borrowed(&names))),
                extension(&[0x55, 0x1d, 0x25], false, &sequence(&[SERVER_AUTH])),
            ],
        }
    }

    /// With one more extension.
    pub(super) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    /// The certificate, with a signature of this key over something else.
    pub(super) fn forged_by(&self, issuer: &Key) -> Vec<u8> {
        self.with_signature(issuer, |_| issuer.sign(b"something else"))
    }

    /// The certificate.
    pub(super) fn signed_by(&self, issuer: &Key) -> Vec<u8> {
        self.with_signature(issuer, |signed| issuer.sign(signed))
    }

    fn with_signature(&self, issuer: &Key, sign: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let extensions = tlv(0xa3, &[&sequence(&borrowed(&self.extensions))]);
        let signed = sequence(&[
            &[0xa0, 0x03, 0x02, 0x01, 0x02],
            &[0x02, 0x01, 0x01],
            issuer.algorithm,
            &self.issuer,
            VALIDITY,
            &self.subject,
            &self.key.spki,
            &extensions,
        ]);
        let signature = sign(&signed);
        sequence(&[&signed, issuer.algorithm, &tlv(0x03, &[&[0], &signature])])
    }
}

/// The purpose of TLS servers, 1.3.6.1.5.5.7.3.1.
pub(super) const SERVER_AUTH: &[u8] = &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// From 2026-10-01 to 2026-12-31: the samples' instant is between them.
const VALIDITY: &[u8] = b"\x30\x1e\x17\x0d261001000000Z\x17\x0d261231000000Z";

/// An extension, given the content octets of its object identifier and its value.
pub(super) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    sequence(&[&tlv(0x06, &[oid]), critical, &tlv(0x04, &[value])])
}

/// A name of one common name.
pub(super) fn name(common_name: &str) -> Vec<u8> {
    sequence(&[&relative_name(common_name)])
}

/// One common name of a name.
pub(super) fn relative_name(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[&[0x06, 0x03, 0x55, 0x04, 0x03], &tlv(0x0c, &[common_name.as_bytes()])]);
    tlv(0x31, &[&attribute])
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// An element of these parts.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let length = match (high, low) {
        (0, 0..=0x7f) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag][..], &length, &content].concat()
}

pub(super) fn borrowed(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}
