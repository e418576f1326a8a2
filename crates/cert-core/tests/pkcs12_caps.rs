//! What a PKCS #12 file may cost: files that no tool writes, made here byte by byte.
#![cfg(feature = "pkcs12")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    pbkdf2,
};
use cert_core::{Bundle, Cause, DerivationCost, Error, Input, KeyError, Passphrase, Rule};

const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const ENCRYPTED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const SAFE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06";
const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const X509_CERTIFICATE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_WITH_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x09";
const AES_256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
const SALT: &[u8] = b"salt";
const IV: [u8; 16] = [7; 16];

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    match content.len() {
        short @ 0..128 => [&[tag, short as u8][..], &content].concat(),
        128..256 => [&[tag, 0x81, length[3]][..], &content].concat(),
        256..65536 => [&[tag, 0x82][..], &length[2..], &content].concat(),
        _ => [&[tag, 0x83][..], &length[1..], &content].concat(),
    }
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

fn oid(oid: &[u8]) -> Vec<u8> {
    tlv(0x06, &[oid])
}

fn explicit(part: &[u8]) -> Vec<u8> {
    tlv(0xa0, &[part])
}

/// A file without a MAC.
fn file(safes: &[Vec<u8>]) -> Vec<u8> {
    let content = tlv(0x04, &[&sequence(&[&safes.concat()])]);
    sequence(&[&[2, 1, 3], &sequence(&[&oid(DATA), &explicit(&content)])])
}

fn plain_safe(bags: &[Vec<u8>]) -> Vec<u8> {
    let content = tlv(0x04, &[&sequence(&[&bags.concat()])]);
    sequence(&[&oid(DATA), &explicit(&content)])
}

/// Encrypted with `secret` and one iteration.
fn encrypted_safe(bags: &[Vec<u8>]) -> Vec<u8> {
    let mut content = sequence(&[&bags.concat()]);
    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::MIN, SALT, b"secret", &mut key);
    let key = UnboundCipherKey::new(&AES_256, &key).unwrap();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
    key.less_safe_encrypt(&mut content, EncryptionContext::Iv128(FixedLength::from(IV))).unwrap();
    let info = sequence(&[&oid(DATA), &pbes2(1), &tlv(0x80, &[&content])]);
    sequence(&[&oid(ENCRYPTED_DATA), &explicit(&sequence(&[&[2, 1, 0], &info]))])
}

fn pbes2(iterations: u32) -> Vec<u8> {
    let iterations = tlv(0x02, &[&[0], &iterations.to_be_bytes()]);
    // DER has no leading zeros that nothing needs.
    let zeros = iterations[2..].iter().take_while(|&&byte| byte == 0).count();
    let significant = &iterations[2 + zeros..];
    let sign: &[u8] = if significant[0] >= 0x80 { &[0] } else { &[] };
    let iterations = tlv(0x02, &[sign, significant]);
    let prf = sequence(&[&oid(HMAC_WITH_SHA256), &[5, 0]]);
    let kdf = sequence(&[&oid(PBKDF2), &sequence(&[&tlv(0x04, &[SALT]), &iterations, &prf])]);
    let cipher = sequence(&[&oid(AES_256_CBC), &tlv(0x04, &[&IV])]);
    sequence(&[&oid(PBES2), &sequence(&[&kdf, &cipher])])
}

fn bag(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &explicit(value)])
}

fn encrypted_key(iterations: u32) -> Vec<u8> {
    bag(ENCRYPTED_KEY_BAG, &sequence(&[&pbes2(iterations), &tlv(0x04, &[&[0; 16]])]))
}

fn certificate() -> Vec<u8> {
    let value = explicit(&tlv(0x04, &[&sequence(&[])]));
    bag(CERTIFICATE_BAG, &sequence(&[&oid(X509_CERTIFICATE), &value]))
}

/// What looks like PKCS #8.
fn plain_key() -> Vec<u8> {
    bag(KEY_BAG, &sequence(&[&[2, 1, 0], &sequence(&[&oid(DATA)]), &tlv(0x04, &[&[0]])]))
}

fn refusal(file: &[u8]) -> Error {
    let passphrase = Passphrase::new("secret");
    Bundle::open(Input::pkcs12(file).passphrase(&passphrase)).unwrap_err()
}

fn iterations_of(error: &Error) -> Option<u64> {
    match error.cause() {
        Cause::Key(KeyError::DerivationTooCostly(DerivationCost::Iterations { found })) => Some(*found),
        _ => None,
    }
}

#[test]
fn all_parts_that_can_be_seen_are_summed() {
    let key = || encrypted_key(400_000);
    let two = refusal(&file(&[plain_safe(&[key(), key()])]));
    assert_eq!(two.rule(), Rule::WrongPassphrase, "800,000 iterations are run: {two}");
    let in_one_safe = file(&[plain_safe(&[key(), key(), key()])]);
    let in_three = file(&[plain_safe(&[key()]), plain_safe(&[key()]), plain_safe(&[key()])]);
    let within_each_other = file(&[plain_safe(&[key(), bag(SAFE_BAG, &sequence(&[&key(), &key()]))])]);
    for file in [in_one_safe, in_three, within_each_other] {
        assert_eq!(iterations_of(&refusal(&file)), Some(1_200_000));
    }
    let many = vec![encrypted_key(1_000_000); 1500];
    assert_eq!(iterations_of(&refusal(&file(&[plain_safe(&many)]))), Some(1_500_000_000));
}

#[test]
fn what_is_hidden_until_something_is_decrypted_counts_as_well() {
    let hidden = vec![encrypted_key(500_000), encrypted_key(500_000)];
    assert_eq!(iterations_of(&refusal(&file(&[encrypted_safe(&hidden)]))), Some(1_010_000));
    // With the bags before it, which were charged already.
    let before = plain_safe(&[plain_key()]);
    let cheap = file(&[before, encrypted_safe(&[certificate()]), encrypted_safe(&[certificate()])]);
    assert_eq!(refusal(&cheap).rule(), Rule::BadDer, "it opens, and its certificates are none");
}

#[test]
fn many_cheap_derivations_are_not_cheap() {
    let cheap = |count: usize| iterations_of(&refusal(&file(&[plain_safe(&vec![encrypted_key(1); count])])));
    assert_eq!((cheap(100), cheap(101)), (None, Some(1_010_000)));
    assert_eq!(cheap(2000), Some(20_000_000));
}

#[test]
fn safes_within_safes_and_numbers_of_certificates() {
    let nested = |depth: usize| {
        let inner = (0..depth).fold(plain_key(), |inner, _| bag(SAFE_BAG, &sequence(&[&inner])));
        file(&[plain_safe(&[inner, certificate()])])
    };
    assert_eq!(refusal(&nested(4)).rule(), Rule::BadDer);
    for depth in [5, 20, 200] {
        assert_eq!(refusal(&nested(depth)).rule(), Rule::Pkcs12Malformed, "{depth} levels");
    }
    let with = |count: usize| file(&[plain_safe(&[plain_key(), certificate().repeat(count)])]);
    assert_eq!(refusal(&with(8)).rule(), Rule::BadDer);
    for count in [9, 5000] {
        assert_eq!(refusal(&with(count)).rule(), Rule::TooManyCertificates, "{count}");
    }
    assert_eq!(refusal(&with(0)).rule(), Rule::Pkcs12NoCertificate);
}
