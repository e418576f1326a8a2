//! A chain of two below a trusted root, and its parts taken apart for the raw work that nobody can do without.

use std::sync::Arc;

use aws_lc_rs::{
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use cert_core::{
    AnchorOrigin, KeyType, SignatureCache, Timestamp, TrustAnchors, ValidationPolicy,
    testing::{TestCa, TestLeaf},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The instant of every verdict.
pub const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

/// An upload, and the certificates above it.
pub struct Sample {
    /// The uploaded chain, PEM.
    pub chain: String,
    /// The uploaded key, PEM.
    pub key: String,
    /// The uploaded key, DER.
    pub key_der: Vec<u8>,
    /// Leaf, intermediate and root, DER.
    pub certificates: [Vec<u8>; 3],
    /// The type of every key.
    pub key_type: KeyType,
}

impl Sample {
    /// A chain of two with keys of this type: EC P-256, Ed25519 or RSA 2048. Roots of other names are other roots.
    pub fn new(key_type: KeyType, root: &str) -> Self {
        let root = TestCa::root_with_key(key_type, root, NOW);
        let leaf = TestLeaf::new(&["www.example.com", "example.com"]).key_type(key_type);
        let issued = root.intermediate("Bench CA").issue(&leaf);
        let [leaf, intermediate] = issued.certificates() else { unreachable!("a leaf and its CA") };
        let key_der = match key_type {
            KeyType::Ed25519 => without_public_key(&issued.key_der()),
            _ => issued.key_der(),
        };
        Self {
            chain: issued.chain_pem(),
            key: key_pem(&key_der),
            key_der,
            certificates: [leaf.clone(), intermediate.clone(), root.der().to_vec()],
            key_type,
        }
    }

    /// The web PKI's anchors and these samples' roots, with a cache of `capacity` signatures.
    pub fn policy(samples: &[&Self], capacity: usize) -> ValidationPolicy {
        let mut anchors = TrustAnchors::new();
        anchors.add_webpki();
        for sample in samples {
            anchors.add_pem(&sample.certificates[2], AnchorOrigin::Private).expect("a root reads back");
        }
        let cache = Arc::new(SignatureCache::new(capacity));
        ValidationPolicy::new(Arc::new(anchors)).signature_cache(cache).prove_key(false)
    }

    /// The signature checks of leaf and intermediate.
    pub fn checks(&self) -> [RawCheck; 2] {
        let [leaf, intermediate, root] = &self.certificates;
        [RawCheck::new(leaf, intermediate, self.key_type), RawCheck::new(intermediate, root, self.key_type)]
    }

    /// Loads the key as aws-lc does, and nothing else.
    pub fn load_key(&self) {
        match self.key_type {
            KeyType::Ed25519 => drop(Ed25519KeyPair::from_pkcs8(&self.key_der).expect("the key loads")),
            KeyType::Rsa { .. } => drop(rsa::KeyPair::from_pkcs8(&self.key_der).expect("the key loads")),
            _ => drop(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.key_der)
                    .expect("the key loads"),
            ),
        }
    }
}

/// An Ed25519 key as OpenSSL writes it. With its public key behind it, which is version 2 of the form, OpenSSL 3.0
/// does not read it.
fn without_public_key(key: &[u8]) -> Vec<u8> {
    const UNTIL_SEED: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    [&UNTIL_SEED, &key[16..48]].concat()
}

fn key_pem(der: &[u8]) -> String {
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let body = base64_simd::STANDARD.encode_to_string(der);
    for line in body.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + "-----END PRIVATE KEY-----\n"
}

/// A signature check with everything taken apart before.
pub struct RawCheck {
    algorithm: &'static dyn VerificationAlgorithm,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl RawCheck {
    fn new(certificate: &[u8], issuer: &[u8], key_type: KeyType) -> Self {
        let (_, parsed) = X509Certificate::from_der(certificate).expect("a certificate parses");
        let (_, issuer) = X509Certificate::from_der(issuer).expect("a certificate parses");
        Self {
            algorithm: match key_type {
                KeyType::Ed25519 => &ED25519,
                KeyType::Rsa { .. } => &RSA_PKCS1_2048_8192_SHA256,
                _ => &ECDSA_P256_SHA256_ASN1,
            },
            key: issuer.public_key().subject_public_key.data.to_vec(),
            message: parsed.tbs_certificate.as_ref().to_vec(),
            signature: parsed.signature_value.data.to_vec(),
        }
    }

    /// The check.
    pub fn run(&self) {
        let key = UnparsedPublicKey::new(self.algorithm, &self.key);
        key.verify(&self.message, &self.signature).expect("the signature verifies");
    }
}
