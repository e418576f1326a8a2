//! Private keys as stores see them: sealed.

use core::{fmt, str::FromStr};

use cert_core::Fingerprint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    CertId, Generation, OwnerId,
    octets::{OctetString, Octets},
};

/// The id of a key-encryption key: a label and a check of its material, 1 to 80 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KekId(String);

impl KekId {
    /// # Errors
    /// [`KekIdError`] for a text that is empty, longer than 80 bytes, or has other than visible ASCII characters.
    pub fn new(id: &str) -> Result<Self, KekIdError> {
        let is_fit = (1..=MAX_KEK_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        if is_fit { Ok(Self(id.to_owned())) } else { Err(KekIdError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KekId {
    type Err = KekIdError;

    /// # Errors
    /// As [`KekId::new`].
    fn from_str(text: &str) -> Result<Self, KekIdError> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for KekId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}

/// The text cannot be the id of a key-encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a key-encryption key is 1 to 80 visible ASCII characters")]
pub struct KekIdError;

/// A sealed private key, opaque but for the key-encryption key in its header: version, suite, then the length of the
/// key-encryption key's id as 16 bits and the id.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    bytes: Vec<u8>,
    kek: KekId,
}

impl SealedKey {
    /// Reads the header of sealed bytes.
    ///
    /// # Errors
    /// [`SealedKeyError`] for bytes without a header of version 1, and for more than 64 KiB.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SealedKeyError> {
        let kek = read_kek(&bytes).filter(|_| bytes.len() <= MAX_SEALED_KEY).ok_or(SealedKeyError)?;
        Ok(Self { bytes, kek })
    }

    /// The key-encryption key that its data key is wrapped under.
    pub const fn kek_id(&self) -> &KekId {
        &self.kek
    }

    /// All of it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

const VERSION: u8 = 1;
const MAX_KEK_ID: usize = 80;
const MAX_SEALED_KEY: usize = 64 * 1024;

fn read_kek(bytes: &[u8]) -> Option<KekId> {
    let [VERSION, _suite, high, low, rest @ ..] = bytes else {
        return None;
    };
    let id = rest.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
    KekId::new(core::str::from_utf8(id).ok()?).ok()
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedKey").field("kek", &self.kek.as_str()).finish_non_exhaustive()
    }
}

impl Serialize for SealedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Octets(&self.bytes).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SealedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_bytes(OctetString::deserialize(deserializer)?.0).map_err(de::Error::custom)
    }
}

impl TryFrom<Vec<u8>> for SealedKey {
    type Error = SealedKeyError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, SealedKeyError> {
        Self::from_bytes(bytes)
    }
}

impl From<SealedKey> for Vec<u8> {
    fn from(key: SealedKey) -> Self {
        key.bytes
    }
}

/// A sealed key in the list of those under one key-encryption key, with what its sealing is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedUnder {
    /// The certificate.
    pub id: CertId,
    /// The generation that the key belongs to.
    pub generation: Generation,
    /// The owner.
    pub owner: OwnerId,
    /// SHA-256 of the `SubjectPublicKeyInfo` of that generation's leaf.
    pub spki_fingerprint: Fingerprint,
}

/// The bytes are not a sealed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes do not start with the header of a sealed key")]
pub struct SealedKeyError;

#[cfg(test)]
mod tests {
    use super::SealedKey;

    #[test]
    fn the_header_is_read_and_checked() {
        let sealed = SealedKey::from_bytes(b"\x01\x01\x00\x03k-1rest".to_vec()).unwrap();
        assert_eq!(sealed.kek_id().as_str(), "k-1");
        for bad in [
            &b""[..],
            b"\x02\x01\x00\x01k",
            b"\x01\x01\x00\x04k-1",
            b"\x01\x01\x00\x00",
            b"\x01\x01\x00\x01\n",
        ] {
            assert!(SealedKey::from_bytes(bad.to_vec()).is_err(), "{bad:?}");
        }
    }
}
