//! PBES2 (RFC 8018 section 6.2): PBKDF2 or scrypt, and a block cipher in CBC mode.

use aws_lc_rs::pbkdf2;
use der::{
    Decode as _, Reader as _, SliceReader,
    asn1::{ObjectIdentifier, OctetStringRef, UintRef},
};
use zeroize::Zeroizing;

use super::{Iterations, Scheme, budget::Cost, cbc::Cipher, name_of, read_parameters, secret::Secret};
use crate::KeyError;

pub(crate) struct Pbes2<'a> {
    kdf: Kdf<'a>,
    cipher: Cipher,
    iv: &'a [u8],
}

enum Kdf<'a> {
    Pbkdf2 { salt: &'a [u8], iterations: Iterations, prf: pbkdf2::Algorithm },
    Scrypt { salt: &'a [u8], cost: u64, block_size: u64, parallelization: u64 },
}

impl<'a> Pbes2<'a> {
    /// Reads `PBES2-params`.
    pub(super) fn read(reader: &mut SliceReader<'a>) -> der::Result<Scheme<'a>> {
        reader.sequence(|parameters| {
            let kdf = parameters.sequence(Kdf::read)?;
            let cipher = parameters.sequence(read_cipher)?;
            Ok(match (kdf, cipher) {
                (Ok((kdf, key_len)), Ok((cipher, iv))) => {
                    if key_len.is_some_and(|length| length != cipher.key_len()) {
                        return Err(der::Tag::Integer.value_error().into());
                    }
                    Scheme::Pbes2(Self { kdf, cipher, iv })
                }
                (Err(name), _) | (_, Err(name)) => Scheme::Unsupported(name),
            })
        })
    }

    pub(super) const fn cost(&self) -> Cost {
        match self.kdf {
            Kdf::Pbkdf2 { iterations, .. } => Cost::Iterations(iterations.0),
            Kdf::Scrypt { cost, block_size, parallelization, .. } => {
                let memory = cost.saturating_mul(block_size).saturating_mul(128);
                Cost::Scrypt { memory, parallelization }
            }
        }
    }

    pub(super) fn decrypt(&self, secret: &Secret<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_len()]);
        self.kdf.derive(secret, &mut key)?;
        self.cipher.decrypt(&key, self.iv, data)
    }
}

/// What is supported, or the name of what is not.
type Named<T> = Result<T, String>;

impl<'a> Kdf<'a> {
    /// Reads the content of an `AlgorithmIdentifier`, with the length of the key where it is given.
    fn read(reader: &mut SliceReader<'a>) -> der::Result<Named<(Self, Option<usize>)>> {
        match ObjectIdentifier::decode(reader)? {
            PBKDF2 => reader.sequence(Self::read_pbkdf2),
            SCRYPT => reader.sequence(Self::read_scrypt).map(Ok),
            other => {
                reader.drain(reader.remaining_len())?;
                Ok(Err(name_of(other)))
            }
        }
    }

    fn read_pbkdf2(reader: &mut SliceReader<'a>) -> der::Result<Named<(Self, Option<usize>)>> {
        let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
        let iterations = Iterations::read(reader)?;
        let key_len = read_key_len(reader)?;
        // RFC 8018 section A.2: HMAC with SHA-1 where nothing is said.
        let prf = if reader.is_finished() { HMAC_WITH_SHA1 } else { reader.sequence(read_prf)? };
        let prf = match prf {
            HMAC_WITH_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
            HMAC_WITH_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
            HMAC_WITH_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
            HMAC_WITH_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
            other => return Ok(Err(name_of(other))),
        };
        Ok(Ok((Self::Pbkdf2 { salt, iterations, prf }, key_len)))
    }

    fn read_scrypt(reader: &mut SliceReader<'a>) -> der::Result<(Self, Option<usize>)> {
        let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
        let mut number = || Iterations::read(reader).map(|number| number.0);
        let (cost, block_size, parallelization) = (number()?, number()?, number()?);
        let key_len = read_key_len(reader)?;
        Ok((Self::Scrypt { salt, cost, block_size, parallelization }, key_len))
    }

    fn derive(&self, secret: &Secret<'_>, key: &mut [u8]) -> Result<(), KeyError> {
        match *self {
            Self::Pbkdf2 { salt, iterations, prf } => {
                pbkdf2::derive(prf, iterations.charged()?, salt, secret.as_bytes(), key);
                Ok(())
            }
            Self::Scrypt { salt, cost, block_size, .. } => {
                let parameters = scrypt_parameters(cost, block_size).ok_or(KeyError::Invalid)?;
                scrypt::scrypt(secret.as_bytes(), salt, &parameters, key).map_err(|_| KeyError::Invalid)
            }
        }
    }
}

/// RFC 7914 section 2: the cost is a power of two. Without parallelization, which was charged before.
fn scrypt_parameters(cost: u64, block_size: u64) -> Option<scrypt::Params> {
    if !cost.is_power_of_two() {
        return None;
    }
    let log = u8::try_from(cost.trailing_zeros()).ok()?;
    scrypt::Params::new(log, u32::try_from(block_size).ok()?, 1).ok()
}

fn read_key_len(reader: &mut SliceReader<'_>) -> der::Result<Option<usize>> {
    let length = Option::<UintRef<'_>>::decode(reader)?;
    // No cipher here has a key of more than 255 bytes.
    Ok(length.map(|length| match length.as_bytes() {
        [length] => usize::from(*length),
        _ => usize::MAX,
    }))
}

fn read_prf(reader: &mut SliceReader<'_>) -> der::Result<ObjectIdentifier> {
    let prf = ObjectIdentifier::decode(reader)?;
    read_parameters(reader)?;
    Ok(prf)
}

/// Reads the content of an `AlgorithmIdentifier` of a cipher, and its initialization vector.
fn read_cipher<'a>(reader: &mut SliceReader<'a>) -> der::Result<Named<(Cipher, &'a [u8])>> {
    let cipher = match ObjectIdentifier::decode(reader)? {
        AES_128_CBC => Cipher::Aes128,
        AES_192_CBC => Cipher::Aes192,
        AES_256_CBC => Cipher::Aes256,
        DES_CBC => Cipher::Des,
        DES_EDE3_CBC => Cipher::DesEde3,
        other => {
            reader.drain(reader.remaining_len())?;
            return Ok(Err(name_of(other)));
        }
    };
    Ok(Ok((cipher, <&OctetStringRef>::decode(reader)?.as_bytes())))
}

pub(super) const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const HMAC_WITH_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
const HMAC_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const HMAC_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
const HMAC_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.7");
const DES_EDE3_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
