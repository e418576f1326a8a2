//! Keys that a passphrase protects. Without the feature `encrypted-keys` they are recognised and not read.

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

#[cfg(feature = "encrypted-keys")]
use crate::pbe::{Budget, EncryptedKey, Secret, Traditional};
use crate::{KeyError, Passphrase, PrivateKey, recognize::Kind};

/// Decrypts an `EncryptedPrivateKeyInfo`. Its cost is judged first, so that nobody is asked for a passphrase in vain.
#[cfg(feature = "encrypted-keys")]
pub(super) fn decrypt_pkcs8(
    der: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let key = EncryptedKey::from_der(der).map_err(|_| KeyError::Invalid)?;
    Budget::of_upload().charge(key.scheme.cost()?)?;
    key.decrypt(&Secret::new(passphrase.ok_or(KeyError::Encrypted)?)?)
}

/// Decrypts the body of a block with OpenSSL's `DEK-Info` header.
#[cfg(feature = "encrypted-keys")]
pub(super) fn decrypt_traditional(
    dek_info: &str,
    data: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let encryption = Traditional::read(dek_info)?;
    encryption.decrypt(&Secret::new(passphrase.ok_or(KeyError::Encrypted)?)?, data)
}

/// Refuses: this build does not read it.
#[cfg(not(feature = "encrypted-keys"))]
pub(super) const fn decrypt_pkcs8(
    _der: &[u8],
    _passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    Err(KeyError::Encrypted)
}

/// Refuses: this build does not read it.
#[cfg(not(feature = "encrypted-keys"))]
pub(super) const fn decrypt_traditional(
    _dek_info: &str,
    _data: &[u8],
    _passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    Err(KeyError::Encrypted)
}

/// Reads what was decrypted. With a wrong passphrase the padding is right once in 256 times, but what is padded is no
/// key. It is kept as PKCS #8, whatever was encrypted.
pub(super) fn read_decrypted(
    bytes: Zeroizing<Vec<u8>>,
    curve: Option<ObjectIdentifier>,
) -> Result<PrivateKey, KeyError> {
    match Kind::of_der(&bytes) {
        Kind::PrivateKey(form) => Ok(PrivateKey::decode(bytes, form, curve)?.into_pkcs8()),
        _ => Err(KeyError::WrongPassphrase),
    }
}
