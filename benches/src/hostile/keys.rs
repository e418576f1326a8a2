//! Keys: what the reader of private keys gets to see.

use cert_core::{caps, testing::certificates_pem};
use pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};

use super::{
    Hostile,
    forge::{Draft, Key, RSA_8192_A, sequence, tlv},
};

pub(super) fn all() -> Vec<Hostile> {
    vec![
        own_rsa_key(),
        rsa("an RSA modulus of 250 KB", [250_000, 3, 8, 8, 8]),
        rsa("an RSA private exponent of 250 KB", [256, 3, 250_000, 128, 128]),
        rsa("an RSA prime of 250 KB", [256, 3, 256, 250_000, 128]),
        rsa("RSA numbers of 16384 bits", [2048, 3, 2048, 1024, 1024]),
        text("a key of zeros as long as the input", &filled("A")),
        text("a key of digits apart", &filled("A \t")),
        text("BEGIN lines in the key's field", &"-----BEGIN PRIVATE KEY-----\n".repeat(9_000)),
        text("64 keys", &format!("{BEGIN}{}\n{END}", "A".repeat(3_900)).repeat(64)),
    ]
}

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "-----END PRIVATE KEY-----\n";

/// Room for a chain of one.
const MAX_KEY: usize = caps::MAX_INPUT - 2_000;

fn filled(part: &str) -> String {
    let body = part.repeat((MAX_KEY - BEGIN.len() - END.len() - 1) / part.len());
    format!("{BEGIN}{body}\n{END}")
}

fn text(name: &'static str, key: &str) -> Hostile {
    let leaf_key = Key::p256();
    let leaf = Draft::leaf(&["www.example.com".into()], "Root", &leaf_key).signed_by(&leaf_key);
    Hostile::chain(name, certificates_pem(&[leaf]).into_bytes()).with_key(key.as_bytes().to_vec())
}

/// The slowest key that is accepted, with a leaf that it belongs to.
fn own_rsa_key() -> Hostile {
    let (root, key) = (Key::p256(), Key::rsa_8192_a());
    let leaf = Draft::leaf(&["www.example.com".into()], "Root", &key).signed_by(&root);
    let der = PrivatePkcs8KeyDer::from_pem_slice(RSA_8192_A).expect("a frozen key decodes");
    Hostile {
        own_key: Some(der.secret_pkcs8_der().to_vec()),
        ..Hostile::chain("RSA 8192 with a long exponent, and its key", certificates_pem(&[leaf]).into_bytes())
            .below(Draft::ca("Root", "Root", &root).signed_by(&root))
            .with_key(RSA_8192_A.to_vec())
    }
}

/// An `RSAPrivateKey` whose modulus, public exponent, private exponent and primes have so many octets each.
fn rsa(name: &'static str, octets: [usize; 5]) -> Hostile {
    let number = |octets: usize| long_tlv(0x02, &[&[0x00, 0xff][..], &vec![0xff; octets - 1]].concat());
    let [modulus, exponent, private, p, q] = octets.map(number);
    let small = number(8);
    let key =
        [&[0x02, 0x01, 0x00][..], &modulus, &exponent, &private, &p, &q, &small, &small, &small].concat();
    let leaf_key = Key::p256();
    let leaf = Draft::leaf(&["www.example.com".into()], "Root", &leaf_key).signed_by(&leaf_key);
    Hostile::chain(name, leaf).with_key(long_tlv(0x30, &key))
}

/// An element whose length may take three octets.
fn long_tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    match content.len() {
        0x1_0000.. => {
            let [.., high, middle, low] = content.len().to_be_bytes();
            [&[tag, 0x83, high, middle, low][..], content].concat()
        }
        _ if tag == 0x30 => sequence(&[content]),
        _ => tlv(tag, &[content]),
    }
}
