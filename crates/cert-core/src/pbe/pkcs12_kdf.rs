//! The key derivation of PKCS #12 (RFC 7292 appendix B), and the encryption that uses it (appendix C).
//!
//! It is written here because the crates that have it are prereleases.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, digest as hash};
use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use super::{Iterations, cbc::Cipher, secret::Secret};
use crate::KeyError;

/// `pbeWithSHAAnd...`: in legacy PKCS #12 files, and in PKCS #8 where OpenSSL was asked for it.
pub(crate) struct Pkcs12Pbe<'a> {
    pub(super) cipher: Cipher,
    pub(super) salt: &'a [u8],
    pub(super) iterations: Iterations,
}

pub(super) fn cipher(oid: ObjectIdentifier) -> Option<Cipher> {
    match oid {
        PBE_WITH_SHA_AND_3_KEY_TRIPLE_DES_CBC => Some(Cipher::DesEde3),
        PBE_WITH_SHA_AND_2_KEY_TRIPLE_DES_CBC => Some(Cipher::DesEde2),
        PBE_WITH_SHA_AND_128_BIT_RC2_CBC => Some(Cipher::Rc2 { key_len: 16 }),
        PBE_WITH_SHA_AND_40_BIT_RC2_CBC => Some(Cipher::Rc2 { key_len: 5 }),
        _ => None,
    }
}

impl Pkcs12Pbe<'_> {
    pub(super) fn decrypt(&self, secret: &Secret<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let derive = |purpose, length| {
            let digest = &SHA1_FOR_LEGACY_USE_ONLY;
            derive(digest, secret, self.salt, self.iterations, purpose, length)
        };
        let key = derive(Purpose::Key, self.cipher.key_len())?;
        let iv = derive(Purpose::InitializationVector, self.cipher.block_len())?;
        self.cipher.decrypt(&key, &iv, data)
    }
}

/// What is derived (RFC 7292 section B.3).
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Key = 1,
    InitializationVector = 2,
    #[cfg(feature = "pkcs12")]
    Mac = 3,
}

/// Derives `length` bytes. The letters are those of RFC 7292 section B.2.
pub(crate) fn derive(
    digest: &'static Algorithm,
    secret: &Secret<'_>,
    salt: &[u8],
    iterations: Iterations,
    purpose: Purpose,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let iterations = iterations.charged()?.get();
    let v = digest.block_len();
    let diversifier = vec![purpose as u8; v];
    let mut i = Zeroizing::new([repeated(salt, v), repeated(secret.as_utf16(), v)].concat());
    let mut derived = Zeroizing::new(Vec::with_capacity(length + digest.output_len()));
    loop {
        let mut a = hash(digest, &Zeroizing::new([diversifier.as_slice(), &i].concat()));
        for _ in 1..iterations {
            a = hash(digest, a.as_ref());
        }
        derived.extend_from_slice(a.as_ref());
        if derived.len() >= length {
            derived.truncate(length);
            return Ok(derived);
        }
        let b: Zeroizing<Vec<u8>> = Zeroizing::new(a.as_ref().iter().copied().cycle().take(v).collect());
        i.chunks_exact_mut(v).for_each(|block| add_with_one(block, &b));
    }
}

/// Copies of `part` that fill whole blocks of `v` bytes; nothing of nothing.
fn repeated(part: &[u8], v: usize) -> Vec<u8> {
    part.iter().copied().cycle().take(part.len().next_multiple_of(v)).collect()
}

/// `block + addend + 1`, big-endian, modulo its length.
fn add_with_one(block: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (byte, addend) in block.iter_mut().zip(addend).rev() {
        let sum = u16::from(*byte) + u16::from(*addend) + carry;
        [_, *byte] = sum.to_be_bytes();
        carry = sum >> 8;
    }
}

const PBE_WITH_SHA_AND_3_KEY_TRIPLE_DES_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const PBE_WITH_SHA_AND_2_KEY_TRIPLE_DES_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const PBE_WITH_SHA_AND_128_BIT_RC2_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const PBE_WITH_SHA_AND_40_BIT_RC2_CBC: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
