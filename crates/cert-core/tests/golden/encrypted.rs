//! Keys and PKCS #12 files that a passphrase protects. With the features of `cert-core` they are read; without, each is
//! recognised and named.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::{TrustAnchors, ValidationPolicy};

use crate::uploads::{Pki, Upload, frozen, frozen_text};

const SECRET: &str = "secret";
const LONG: &str = match core::str::from_utf8(&[b'x'; 1025]) {
    Ok(text) => text,
    Err(_) => panic!("it is ASCII"),
};

pub(crate) fn uploads() -> Vec<Upload> {
    [traditional(), pkcs8(), costs(), other_passphrases(), damaged(), misplaced(), pkcs12(), bad_pkcs12()]
        .concat()
}

fn policy() -> ValidationPolicy {
    let anchors = TrustAnchors::from_pem(&frozen("encrypted/root.pem")).expect("the frozen root decodes");
    ValidationPolicy::new(Arc::new(anchors))
}

/// The frozen chain of EC or RSA with a key.
fn pair(name: &str, chain: &str, key: impl Into<Vec<u8>>) -> Upload {
    Upload {
        name: name.to_owned(),
        chain: frozen(&format!("encrypted/{chain}.pem")),
        key: Some(key.into()),
        passphrase: Some(SECRET),
        is_pkcs12: false,
        policy: policy(),
    }
}

fn ec_key(name: &str, key: &str) -> Upload {
    pair(name, "ec", frozen(&format!("encrypted/ec_{key}.key.pem")))
}

fn file(name: &str, contents: impl Into<Vec<u8>>) -> Upload {
    Upload { chain: contents.into(), key: None, is_pkcs12: true, ..pair(name, "ec", Vec::new()) }
}

fn p12(name: &str, contents: &str) -> Upload {
    file(name, frozen(&format!("encrypted/{contents}.p12")))
}

fn traditional() -> Vec<Upload> {
    vec![
        ec_key("PEM encrypted with AES-128", "aes128"),
        ec_key("PEM encrypted with AES-192", "aes192"),
        ec_key("PEM encrypted with AES-256", "aes256"),
        ec_key("PEM encrypted with DES", "des"),
        ec_key("PEM encrypted with triple DES", "des3"),
        pair("an RSA key encrypted with AES-256", "rsa", frozen("encrypted/rsa_aes256.key.pem")),
        pair("an RSA key encrypted with triple DES", "rsa", frozen("encrypted/rsa_des3.key.pem")),
        pair(
            "PEM encrypted, with Windows line ends",
            "ec",
            frozen_text("encrypted/ec_aes256.key.pem").replace('\n', "\r\n"),
        ),
        ec_key("PEM encrypted with Camellia", "camellia128"),
    ]
}

fn pkcs8() -> Vec<Upload> {
    vec![
        ec_key("PBKDF2 with SHA-1, triple DES", "pbes2_des3_sha1"),
        ec_key("PBKDF2 with SHA-256, AES-256", "pbes2_aes256"),
        ec_key("PBKDF2 with SHA-384, AES-192", "pbes2_aes192_sha384"),
        ec_key("PBKDF2 with SHA-512, AES-128", "pbes2_aes128_sha512"),
        ec_key("scrypt", "scrypt"),
        ec_key("PBES1 with MD5 and DES", "pbes1_md5_des"),
        ec_key("PBES1 with SHA-1 and DES", "pbes1_sha1_des"),
        ec_key("PKCS #12's triple DES around PKCS #8", "pkcs12_des3"),
        ec_key("PKCS #12's RC2 around PKCS #8", "pkcs12_rc2"),
        ec_key("PKCS #12's RC4 around PKCS #8", "pkcs12_rc4"),
        ec_key("PBES2 with ARIA", "pbes2_aria"),
        ec_key("PBKDF2 with SHA-224", "pbes2_sha224"),
        pair("encrypted DER", "ec", frozen("encrypted/ec_pbes2.key.der")),
    ]
}

fn costs() -> Vec<Upload> {
    vec![
        ec_key("1,000,000 iterations", "pbes2_iterations_at_cap"),
        ec_key("1,000,001 iterations", "pbes2_iterations_above_cap"),
        ec_key("1,000,001 iterations and no passphrase", "pbes2_iterations_above_cap").passphrase(None),
        pair(
            "a negative number of iterations",
            "ec",
            patched("pbes2_aes256", &[2, 2, 8, 0], &[2, 2, 0xff, 0]),
        ),
        pair(
            "scrypt of 64 MiB, where the other half is not that of the key",
            "ec",
            scrypt(&[2, 1, 32, 2, 1, 1]),
        ),
        pair("scrypt of more than 64 MiB", "ec", scrypt(&[2, 1, 33, 2, 1, 1])),
        pair("scrypt in two parts", "ec", scrypt(&[2, 1, 8, 2, 1, 2])),
        pair(
            "scrypt with a cost that is no power of two",
            "ec",
            patched("scrypt", &[2, 2, 0x40, 0], &[2, 2, 0x40, 1]),
        ),
        pair("scrypt with a cost of zero", "ec", patched("scrypt", &[2, 2, 0x40, 0], &[2, 2, 0, 0])),
    ]
}

/// A frozen key with a part of its DER changed.
fn patched(key: &str, from: &[u8], to: &[u8]) -> String {
    let pem = frozen_text(&format!("encrypted/ec_{key}.key.pem"));
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = BASE64_STANDARD.decode(base64).expect("the frozen key decodes");
    let at = der.windows(from.len()).position(|part| part == from).expect("the part is there");
    der[at..at + to.len()].copy_from_slice(to);
    format!(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(der)
    )
}

fn scrypt(block_size_and_parallelization: &[u8]) -> String {
    patched("scrypt", &[2, 1, 8, 2, 1, 1], block_size_and_parallelization)
}

fn other_passphrases() -> Vec<Upload> {
    let plain = || frozen("encrypted/ec.key.pem");
    vec![
        ec_key("PEM and no passphrase", "aes256").passphrase(None),
        ec_key("PEM and another passphrase", "aes256").passphrase(Some("Secret")),
        ec_key("PBES2 and no passphrase", "pbes2_aes256").passphrase(None),
        ec_key("PBES2 and another passphrase", "pbes2_aes256").passphrase(Some("secret ")),
        ec_key("scrypt and another passphrase", "scrypt").passphrase(Some("")),
        ec_key("PBES1 and another passphrase", "pbes1_md5_des").passphrase(Some("secret\n")),
        ec_key("a passphrase in Russian and Chinese", "unicode").passphrase(Some("Пароль 密码")),
        ec_key("a passphrase of 1,025 bytes", "aes256").passphrase(Some(LONG)),
        pair("a passphrase of 1,025 bytes that nothing needs", "ec", plain()).passphrase(Some(LONG)),
        pair("a passphrase that nothing needs", "ec", plain()),
    ]
}

fn damaged() -> Vec<Upload> {
    let traditional = || frozen_text("encrypted/ec_aes256.key.pem");
    let plain = frozen_text("encrypted/ec.key.pem");
    let without_line = |text: String, start: &str| {
        text.lines()
            .filter(|line| !line.starts_with(start))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let cut = |text: String| text.replacen("==\n", "\n", 1);
    vec![
        pair("DEK-Info is missing", "ec", without_line(traditional(), "DEK-Info")),
        pair(
            "DEK-Info with half of its hex",
            "ec",
            traditional().replacen("AES-256-CBC,", "AES-256-CBC,0", 1),
        ),
        pair("a foreign character in encrypted PEM", "ec", traditional().replacen("\n\n", "\n\n*", 1)),
        pair("an encrypted key that is cut", "ec", {
            let text = frozen_text("encrypted/ec_pbes2_aes256.key.pem");
            cut(text[..text.len() / 2].to_owned())
        }),
        pair(
            "parameters that are none",
            "ec",
            patched("pbes2_aes256", &[0x30, 0x0c, 6, 8], &[0x31, 0x0c, 6, 8]),
        ),
        pair(
            "random bytes behind the label of an encrypted key",
            "ec",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAECAwQFBgcICQ==\n-----END ENCRYPTED PRIVATE KEY-----\n",
        ),
        pair(
            "an encrypted label on a plain key",
            "ec",
            plain.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        ),
        pair(
            "a plain label on an encrypted key",
            "ec",
            frozen_text("encrypted/ec_pbes2_aes256.key.pem").replace("ENCRYPTED ", ""),
        ),
    ]
}

fn misplaced() -> Vec<Upload> {
    let encrypted = || frozen_text("encrypted/ec_pbes2_aes256.key.pem");
    let mut among_certificates = pair("an encrypted key among the certificates", "ec", encrypted());
    among_certificates.chain.extend(encrypted().bytes());
    let pki = Pki::new();
    let mut file_as_chain = pki.with_chain("PKCS #12 for a chain", frozen("bundle.p12"));
    file_as_chain.policy = policy();
    vec![
        among_certificates,
        pair("two keys, one of them encrypted", "ec", encrypted() + &frozen_text("encrypted/ec.key.pem")),
        pair("another's key, encrypted", "rsa", encrypted()),
        file_as_chain,
        pair("PKCS #12 for a key", "ec", frozen("bundle.p12")),
        pair("PKCS #12 in BER for a key", "ec", frozen("encrypted/nss.p12")),
    ]
}

fn pkcs12() -> Vec<Upload> {
    vec![
        p12("PKCS #12 of OpenSSL 3", "modern"),
        file("PKCS #12 in base64", frozen("encrypted/modern.p12.base64")),
        p12("PKCS #12 of a JDK", "java"),
        p12("legacy PKCS #12, with RC2-40 and triple DES", "legacy"),
        p12("PKCS #12 with RC2-128, two-key triple DES and SHA-512", "rc2_128"),
        p12("PKCS #12 with nothing encrypted", "plain"),
        p12("PKCS #12 without a MAC", "without_mac"),
        p12("PKCS #12 with an empty passphrase", "without_passphrase").passphrase(Some("")),
        p12("PKCS #12 with an empty passphrase that is not sent", "without_passphrase").passphrase(None),
        p12("PKCS #12 with a passphrase in Russian and Chinese", "unicode").passphrase(Some("Пароль 密码")),
        p12("PKCS #12 of 900,000 iterations in three parts", "iterations_below_cap"),
    ]
}

fn bad_pkcs12() -> Vec<Upload> {
    let modern = frozen("encrypted/modern.p12");
    let mut flipped = modern.clone();
    flipped[200] ^= 1;
    let root =
        cert_core::decode_pem(&frozen("encrypted/root.pem")).expect("the frozen root decodes").remove(0);
    vec![
        p12("PKCS #12 of 1,050,000 iterations in three parts", "iterations_above_cap"),
        p12("PKCS #12 of NSS, in BER with 600,000 iterations thrice", "nss"),
        p12("PKCS #12 and another passphrase", "modern").passphrase(Some("Secret")),
        p12("PKCS #12 and no passphrase", "modern").passphrase(None),
        p12("PKCS #12 without a MAC, and another passphrase", "without_mac").passphrase(Some("Secret")),
        p12("PKCS #12 with ARIA", "aria"),
        p12("PKCS #12 without a key", "without_key"),
        p12("PKCS #12 without certificates", "without_certificate"),
        p12("PKCS #12 with two keys", "two_keys"),
        file("PKCS #12 that is cut", &modern[..modern.len() / 2]),
        file("PKCS #12 with a flipped bit", flipped),
        file("PKCS #12 with a tail", [&modern[..], b"tail"].concat()),
        file("an empty PKCS #12 file", ""),
        file("PEM for PKCS #12", frozen("encrypted/ec.pem")),
        file(
            "base64 with a foreign character",
            frozen_text("encrypted/modern.p12.base64").replacen("\n", "\n*", 2),
        ),
        file("a certificate for PKCS #12", root),
        file("256 KiB of PKCS #12", "x".repeat(256 * 1024 + 1)),
    ]
}
