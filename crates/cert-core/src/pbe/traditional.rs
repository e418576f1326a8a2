//! OpenSSL's traditional encryption of PEM: `Proc-Type: 4,ENCRYPTED`, `DEK-Info`, and a key made with MD5.

use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::{cbc::Cipher, secret::Secret};
use crate::KeyError;

/// What a `DEK-Info` header says. One round of MD5 derives the key, so there is no cost to charge.
pub(crate) struct Traditional {
    cipher: Cipher,
    iv: Vec<u8>,
}

impl Traditional {
    /// Reads the value of a `DEK-Info` header: the name of a cipher, and its initialization vector in hex.
    pub(crate) fn read(dek_info: &str) -> Result<Self, KeyError> {
        let (name, iv) = dek_info.split_once(',').ok_or(KeyError::Invalid)?;
        let cipher = match name.trim() {
            "AES-128-CBC" => Cipher::Aes128,
            "AES-192-CBC" => Cipher::Aes192,
            "AES-256-CBC" => Cipher::Aes256,
            "DES-CBC" => Cipher::Des,
            "DES-EDE3-CBC" => Cipher::DesEde3,
            other => {
                let name = other.chars().take(MAX_NAME).collect();
                return Err(KeyError::EncryptionUnsupported { name });
            }
        };
        let iv =
            decode_hex(iv.trim()).filter(|iv| iv.len() == cipher.block_len()).ok_or(KeyError::Invalid)?;
        Ok(Self { cipher, iv })
    }

    pub(crate) fn decrypt(&self, secret: &Secret<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        // The salt is the start of the initialization vector.
        let key = derive(secret, &self.iv[..SALT], self.cipher.key_len());
        self.cipher.decrypt(&key, &self.iv, data)
    }
}

/// Bytes of the salt; every block has as many.
const SALT: usize = 8;
/// Names of ciphers are short; what is longer is shown in part.
const MAX_NAME: usize = 40;

/// `EVP_BytesToKey` with MD5 and one round: each block hashes the one before it, the passphrase and the salt.
fn derive(secret: &Secret<'_>, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + MD5));
    let mut block = Zeroizing::new([0; MD5]);
    while key.len() < length {
        let mut digest = Md5::new();
        if !key.is_empty() {
            digest.update(block.as_slice());
        }
        digest.update(secret.as_bytes());
        digest.update(salt);
        *block = digest.finalize().into();
        key.extend_from_slice(block.as_slice());
    }
    key.truncate(length);
    key
}

const MD5: usize = 16;

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}
