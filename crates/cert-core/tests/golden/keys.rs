//! Keys that are another's, damaged, weak or of a kind that is not supported.

use cert_core::{KeyType, testing::TestLeaf};

use crate::uploads::{Pki, Upload, frozen, trusted};

pub(crate) fn uploads() -> Vec<Upload> {
    let pki = Pki::new();
    [forms(&pki), mismatches(&pki), unusable(&pki), unsupported(), weak()].concat()
}

fn forms(pki: &Pki) -> Vec<Upload> {
    let self_signed = |name: &str, key: &str| {
        let mut upload = trusted(name, "rsa2048");
        upload.key = Some(frozen(key));
        upload
    };
    let mut uploads = vec![
        self_signed("RSA in PKCS #8", "rsa2048.key.pem"),
        self_signed("RSA in PKCS #1", "rsa2048_pkcs1.key.pem"),
        pki.with_key(
            "EC with its parameters in front, of another certificate",
            frozen("ec_with_parameters.pem"),
        ),
    ];
    for key_type in [KeyType::EcP256, KeyType::EcP384, KeyType::EcP521, KeyType::Ed25519] {
        let leaf = TestLeaf::new(&["www.example.com"]).key_type(key_type);
        uploads.push(pki.leaf(&format!("{key_type}"), &leaf));
    }
    uploads
}

fn mismatches(pki: &Pki) -> Vec<Upload> {
    let other = Pki::new();
    vec![
        pki.with_key("another's key of the same type", other.issued.key_pem()),
        pki.with_key("another's key of another type", frozen("rsa2048.key.pem")),
        pki.with_key("the CA's key", pki.ca.key_pem()),
    ]
}

fn unusable(pki: &Pki) -> Vec<Upload> {
    let key = pki.issued.key_pem();
    let damaged = key.replacen("\nMIG", "\nMIF", 1);
    let mut public_part = pki.issued.key_der();
    let last = public_part.len() - 1;
    public_part[last] ^= 1;
    vec![
        pki.with_key("a damaged key is not called encrypted", damaged),
        pki.with_key("a public part that is not the private one's", public_part),
        trusted("a composite prime", "rsa_composite"),
    ]
}

fn unsupported() -> Vec<Upload> {
    ["secp256k1", "p224", "explicit", "pss", "ed448", "dsa"]
        .map(|name| trusted(&format!("unsupported: {name}"), name))
        .to_vec()
}

fn weak() -> Vec<Upload> {
    [
        ("RSA of 1024 bits", "rsa1024"),
        ("RSA of 2047 bits", "rsa2047"),
        ("RSA of 2052 bits", "rsa2052"),
        ("exponent 3", "rsa_e3"),
        ("an exponent of 41 bits", "rsa_long_exponent"),
        ("close primes", "rsa_close"),
        ("a small factor", "rsa_small_factor"),
        ("uneven primes", "rsa_uneven"),
        ("ROCA", "rsa_roca"),
    ]
    .map(|(name, file)| trusted(name, file))
    .to_vec()
}
