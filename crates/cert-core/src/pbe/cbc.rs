//! Block ciphers in CBC mode with the padding of PKCS #7, as every older form of a protected key has it.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
    },
    iv::FixedLength,
};
use zeroize::Zeroizing;

use crate::KeyError;

/// A cipher, by its name and the length of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    /// Triple DES with two keys.
    DesEde2,
    /// Triple DES with three keys.
    DesEde3,
    Rc2 {
        key_len: usize,
    },
}

impl Cipher {
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128 | Self::DesEde2 => 16,
            Self::Aes192 | Self::DesEde3 => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
            Self::Rc2 { key_len } => key_len,
        }
    }

    /// Bytes of a block, and of the initialization vector.
    pub(super) const fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::Des | Self::DesEde2 | Self::DesEde3 | Self::Rc2 { .. } => 8,
        }
    }

    /// Decrypts. What has no whole blocks was damaged; what has no padding was decrypted with another key.
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if data.is_empty() || !data.len().is_multiple_of(self.block_len()) || iv.len() != self.block_len() {
            return Err(KeyError::Invalid);
        }
        let mut buffer = Zeroizing::new(data.to_vec());
        let length = self.decrypt_in_place(key, iv, &mut buffer).ok_or(KeyError::WrongPassphrase)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    /// The length of what was decrypted.
    fn decrypt_in_place(self, key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
        let Some(algorithm) = self.algorithm() else {
            return decrypt_rc2(key, iv, buffer);
        };
        let context = match <[u8; 16]>::try_from(iv) {
            Ok(iv) => DecryptionContext::Iv128(FixedLength::from(iv)),
            Err(_) => DecryptionContext::Iv64(FixedLength::from(<[u8; 8]>::try_from(iv).ok()?)),
        };
        let key = UnboundCipherKey::new(algorithm, key).ok()?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
        Some(key.decrypt(buffer, context).ok()?.len())
    }

    #[expect(deprecated, reason = "old keys are encrypted with DES, and are only read here")]
    const fn algorithm(self) -> Option<&'static Algorithm> {
        use aws_lc_rs::cipher::{
            DES_EDE_FOR_LEGACY_USE_ONLY, DES_EDE3_FOR_LEGACY_USE_ONLY, DES_FOR_LEGACY_USE_ONLY,
        };
        Some(match self {
            Self::Aes128 => &AES_128,
            Self::Aes192 => &AES_192,
            Self::Aes256 => &AES_256,
            Self::Des => &DES_FOR_LEGACY_USE_ONLY,
            Self::DesEde2 => &DES_EDE_FOR_LEGACY_USE_ONLY,
            Self::DesEde3 => &DES_EDE3_FOR_LEGACY_USE_ONLY,
            Self::Rc2 { .. } => return None,
        })
    }
}

fn decrypt_rc2(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
    use cbc::{
        Decryptor,
        cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::Pkcs7},
    };
    let decryptor = Decryptor::<rc2::Rc2>::new_from_slices(key, iv).ok()?;
    Some(decryptor.decrypt_padded::<Pkcs7>(buffer).ok()?.len())
}
