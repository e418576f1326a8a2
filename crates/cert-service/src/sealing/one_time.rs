//! The two primitives under the formats: a derived key, and encryption under a key that is used once.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf,
};
use zeroize::Zeroizing;

/// Bytes that GCM appends.
pub(super) const TAG_LEN: usize = 16;

/// HKDF-SHA256 (RFC 5869) of `ikm`; an empty salt is the RFC's default.
pub(super) fn derive<const N: usize>(
    ikm: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>, Unspecified> {
    let mut key = Zeroizing::new([0; N]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(ikm)
        .expand(info, Length::<N>)?
        .fill(key.as_mut_slice())?;
    Ok(key)
}

/// Encrypts in place under a key that encrypts nothing else, hence the fixed nonce; returns the tag.
pub(super) fn encrypt(key: &[u8], aad: &[&[u8]], in_out: &mut [u8]) -> Result<[u8; TAG_LEN], Unspecified> {
    let tag = cipher(key)?.seal_in_place_separate_tag(ONLY_NONCE(), Aad::from(aad.concat()), in_out)?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

/// Decrypts `in_out` (ciphertext and tag) in place, and returns the part that holds the plaintext.
pub(super) fn decrypt<'a>(
    key: &[u8],
    aad: &[&[u8]],
    in_out: &'a mut [u8],
) -> Result<&'a mut [u8], Unspecified> {
    cipher(key)?.open_in_place(ONLY_NONCE(), Aad::from(aad.concat()), in_out)
}

const ONLY_NONCE: fn() -> Nonce = || Nonce::assume_unique_for_key([0; NONCE_LEN]);

fn cipher(key: &[u8]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new)
}

struct Length<const N: usize>;

impl<const N: usize> hkdf::KeyType for Length<N> {
    fn len(&self) -> usize {
        N
    }
}

#[cfg(test)]
mod tests {
    use super::{decrypt, derive, encrypt};

    #[test]
    fn derivation_is_that_of_rfc_5869() {
        // RFC 5869 appendix A, test cases 1 and 3.
        let info = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9];
        let salt: Vec<u8> = (0..13).collect();
        let with_salt = derive::<4>(&[0x0b; 22], &salt, &[&info[..5], &info[5..]]).unwrap();
        assert_eq!(*with_salt, [0x3c, 0xb2, 0x5f, 0x25]);
        let without = derive::<4>(&[0x0b; 22], &[], &[]).unwrap();
        assert_eq!(*without, [0x8d, 0xa4, 0xe7, 0x75]);
    }

    #[test]
    fn what_is_encrypted_opens_with_its_key_and_context_only() {
        let mut text = *b"text";
        let tag = encrypt(&[1; 32], &[b"a", b"b"], &mut text).unwrap();
        let sealed = [&text[..], &tag].concat();
        assert_eq!(decrypt(&[1; 32], &[b"ab"], &mut sealed.clone()).unwrap(), b"text");
        assert!(decrypt(&[2; 32], &[b"ab"], &mut sealed.clone()).is_err());
        assert!(decrypt(&[1; 32], &[b"ac"], &mut sealed.clone()).is_err());
    }
}
