//! PBES1 (RFC 8018 section 6.1) with DES: what OpenSSL made of `pkcs8 -topk8` before version 1.1.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use der::asn1::ObjectIdentifier;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::{Iterations, cbc::Cipher, secret::Secret};
use crate::KeyError;

pub(crate) struct Pbes1<'a> {
    pub(super) digest: Digest,
    pub(super) cipher: Cipher,
    pub(super) salt: &'a [u8],
    pub(super) iterations: Iterations,
}

#[derive(Clone, Copy)]
pub(super) enum Digest {
    Md5,
    Sha1,
}

pub(super) fn algorithm(oid: ObjectIdentifier) -> Option<(Digest, Cipher)> {
    match oid {
        PBE_WITH_MD5_AND_DES_CBC => Some((Digest::Md5, Cipher::Des)),
        PBE_WITH_SHA1_AND_DES_CBC => Some((Digest::Sha1, Cipher::Des)),
        _ => None,
    }
}

impl Pbes1<'_> {
    pub(super) fn decrypt(&self, secret: &Secret<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let derived = self.derive(secret)?;
        let (key, rest) = derived.split_at(self.cipher.key_len());
        self.cipher.decrypt(key, &rest[..self.cipher.block_len()], data)
    }

    /// PBKDF1: 16 bytes at least, which are a key and an initialization vector of DES.
    fn derive(&self, secret: &Secret<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let mut derived = Zeroizing::new([secret.as_bytes(), self.salt].concat());
        for _ in 0..self.iterations.charged()?.get() {
            derived = Zeroizing::new(self.digest.of(&derived));
        }
        Ok(derived)
    }
}

impl Digest {
    fn of(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(data).to_vec(),
            Self::Sha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref().to_vec(),
        }
    }
}

const PBE_WITH_MD5_AND_DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.3");
const PBE_WITH_SHA1_AND_DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.10");
