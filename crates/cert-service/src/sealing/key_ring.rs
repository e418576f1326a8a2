//! A key ring in a file of one's own.
//!
//! ```text
//! wrapped = salt[32] | AES-256-GCM(HKDF-SHA256(KEK, salt, "certkeep/wrap/v1" | str(kek_id) | context), nonce 0, DEK) | tag
//! kek_id  = label "-" hex(first 8 bytes of HKDF-SHA256(KEK, info = "certkeep/kek-id/v1"))
//! ```
//!
//! A key derived for each wrap lifts the limit of 2^32 random nonces that GCM has under one key.

use std::{collections::BTreeMap, io, path::Path, path::PathBuf};

use async_trait::async_trait;
use aws_lc_rs::{error::Unspecified, rand};
use cert_core::Timestamp;
use cert_store::KekId;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    Dek, KeyWrapper, SealContext, WrapError, key_file,
    one_time::{self, TAG_LEN},
};

/// Key-encryption keys in memory, one of them active: the rest still open what was sealed under them.
///
/// ```no_run
/// use cert_service::LocalKeyRing;
///
/// let ring = LocalKeyRing::from_file("keyring.toml")?;
/// # Ok::<(), cert_service::KeyRingError>(())
/// ```
pub struct LocalKeyRing {
    active: KekId,
    keys: BTreeMap<String, Kek>,
}

impl LocalKeyRing {
    /// Reads a ring that [`create`](Self::create) wrote, or that an operator extended by further `[[key]]` entries.
    ///
    /// # Errors
    /// [`KeyRingError::Mode`] unless the file is closed to everybody but its owner; the rest says what the file
    /// lacks. No error contains key material.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyRingError> {
        key_file::read(path.as_ref()).and_then(|keys| Self::from_keys(path.as_ref(), keys))
    }

    /// Reads a ring from an environment variable that has the text of such a file: what a platform that injects
    /// secrets gives. The process's own environment keeps the text, and its children inherit it.
    ///
    /// # Errors
    /// [`KeyRingError::Io`] where the variable is not set or no text; the rest says what is wrong with it, and names the
    /// variable where a file would be named.
    pub fn from_env(variable: &str) -> Result<Self, KeyRingError> {
        let place = PathBuf::from(format!("${variable}"));
        let text = std::env::var(variable).map(Zeroizing::new).map_err(|source| KeyRingError::Io {
            path: place.clone(),
            source: io::Error::new(io::ErrorKind::NotFound, reason(&source)),
        })?;
        key_file::parse(&place, &text).and_then(|keys| Self::from_keys(&place, keys))
    }

    /// Writes a ring with one fresh key to a new file of mode 0600, and returns it.
    ///
    /// `label` leads the key's id, so that people can tell keys apart: a date, a place.
    ///
    /// # Errors
    /// [`KeyRingError::Io`] where the file exists already or cannot be written, [`KeyRingError::Label`].
    pub fn create(path: impl AsRef<Path>, label: &str, now: Timestamp) -> Result<Self, KeyRingError> {
        let key = Kek::generate(label)?;
        key_file::write(path.as_ref(), &key, now)?;
        Self::from_keys(path.as_ref(), vec![key])
    }

    /// A ring that lives as long as the process, for tests: what is sealed under it is lost afterwards.
    ///
    /// # Errors
    /// [`KeyRingError::Crypto`] where the system has no randomness.
    #[cfg(feature = "testing")]
    pub fn ephemeral() -> Result<Self, KeyRingError> {
        Self::from_keys(Path::new("(ephemeral)"), vec![Kek::generate("ephemeral")?])
    }

    /// A ring of one key, for tests of the format.
    #[cfg(test)]
    pub(super) fn of(key: Kek) -> Self {
        Self { active: key.id.clone(), keys: BTreeMap::from([(key.id.as_str().to_owned(), key)]) }
    }

    fn from_keys(path: &Path, keys: Vec<Kek>) -> Result<Self, KeyRingError> {
        let mut active = keys.iter().filter(|key| key.state == State::Active).map(|key| &key.id);
        let (Some(only), None) = (active.next().cloned(), active.next()) else {
            let count = keys.iter().filter(|key| key.state == State::Active).count();
            return Err(KeyRingError::Active { path: path.into(), count });
        };
        let mut by_id = BTreeMap::new();
        for key in keys {
            let id = key.id.as_str().to_owned();
            if by_id.insert(id.clone(), key).is_some() {
                return Err(KeyRingError::Duplicate { path: path.into(), id });
            }
        }
        Ok(Self { active: only, keys: by_id })
    }

    fn key(&self, kek: &KekId) -> Result<&Kek, WrapError> {
        self.keys.get(kek.as_str()).ok_or_else(|| WrapError::Unknown { kek: kek.clone() })
    }
}

#[async_trait]
impl KeyWrapper for LocalKeyRing {
    async fn active(&self) -> Result<KekId, WrapError> {
        Ok(self.active.clone())
    }

    async fn wrap(&self, kek: &KekId, context: &SealContext, dek: &Dek) -> Result<Vec<u8>, WrapError> {
        let key = self.key(kek)?;
        if key.state != State::Active {
            return Err(WrapError::Denied { kek: kek.clone() });
        }
        key.wrap(context, dek).map_err(|_| WrapError::Denied { kek: kek.clone() })
    }

    async fn unwrap(&self, kek: &KekId, context: &SealContext, wrapped: &[u8]) -> Result<Dek, WrapError> {
        let key = self.key(kek)?;
        if key.state == State::Retired {
            return Err(WrapError::Denied { kek: kek.clone() });
        }
        key.unwrap(context, wrapped).map_err(|_| WrapError::Corrupt { kek: kek.clone() })
    }
}

impl std::fmt::Debug for LocalKeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalKeyRing(..)")
    }
}

/// Without the text, which the error would quote.
const fn reason(error: &std::env::VarError) -> &'static str {
    match error {
        std::env::VarError::NotPresent => "the variable is not set",
        std::env::VarError::NotUnicode(_) => "the variable is not text",
    }
}

/// What a key of a ring may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Wraps and unwraps.
    Active,
    /// Unwraps only.
    Decrypt,
    /// Does nothing any more; kept so that its id is never given again.
    Retired,
}

/// A key-encryption key.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Kek {
    #[zeroize(skip)]
    pub(super) id: KekId,
    #[zeroize(skip)]
    pub(super) state: State,
    pub(super) material: [u8; 32],
}

impl Kek {
    fn generate(label: &str) -> Result<Self, KeyRingError> {
        let mut material = Zeroizing::new([0; 32]);
        rand::fill(material.as_mut_slice())?;
        let id = Self::id_of(label, &material)?;
        Ok(Self { id, state: State::Active, material: *material })
    }

    /// The id that the material has under `label`: an edited or swapped key cannot keep its id.
    pub(super) fn id_of(label: &str, material: &[u8; 32]) -> Result<KekId, KeyRingError> {
        let tail = one_time::derive::<8>(material, &[], &[b"certkeep/kek-id/v1"])?;
        let id = format!("{label}-{:016x}", u64::from_be_bytes(*tail));
        KekId::new(&id).map_err(|_| KeyRingError::Label { label: label.to_owned() })
    }

    fn wrap(&self, context: &SealContext, dek: &Dek) -> Result<Vec<u8>, Unspecified> {
        let mut salt = [0; SALT_LEN];
        rand::fill(&mut salt)?;
        self.wrap_with(&salt, context, dek)
    }

    pub(super) fn wrap_with(
        &self,
        salt: &[u8; SALT_LEN],
        context: &SealContext,
        dek: &Dek,
    ) -> Result<Vec<u8>, Unspecified> {
        let mut encrypted = Zeroizing::new(*dek.secret_bytes());
        let tag = one_time::encrypt(&*self.key_for(salt, context)?, &[], encrypted.as_mut_slice())?;
        Ok([salt, encrypted.as_slice(), &tag].concat())
    }

    fn unwrap(&self, context: &SealContext, wrapped: &[u8]) -> Result<Dek, Unspecified> {
        let (salt, sealed) = wrapped.split_first_chunk::<SALT_LEN>().ok_or(Unspecified)?;
        let mut sealed = Zeroizing::new(<[u8; 32 + TAG_LEN]>::try_from(sealed).map_err(|_| Unspecified)?);
        let dek = one_time::decrypt(&*self.key_for(salt, context)?, &[], sealed.as_mut_slice())?;
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(dek);
        Ok(Dek::from_bytes(*bytes))
    }

    fn key_for(
        &self,
        salt: &[u8; SALT_LEN],
        context: &SealContext,
    ) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
        let id = self.id.as_str().as_bytes();
        let length = u16::try_from(id.len()).map_err(|_| Unspecified)?.to_be_bytes();
        one_time::derive(&self.material, salt, &[b"certkeep/wrap/v1", &length, id, context.as_bytes()])
    }
}

/// Why a file is no key ring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// Not exactly one key is active.
    #[error("{}: {count} keys have state = \"active\"; exactly one must", path.display())]
    Active {
        /// The file.
        path: PathBuf,
        /// How many are active.
        count: usize,
    },
    /// The cryptographic library refused: the system has no randomness.
    #[error("no randomness to be had from the system")]
    Crypto,
    /// Two keys have the same id.
    #[error("{}: the key {id} stands there twice", path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// The file cannot be read or written.
    #[error("{}: the key ring cannot be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The label of a key is empty, too long, or has characters that ids do not have.
    #[error("\"{label}\" cannot lead a key's id")]
    Label {
        /// The label.
        label: String,
    },
    /// A key's material is not the base64 of 32 bytes, or not the material that its id was made from.
    #[error("{}: the material of key {id} is damaged, or belongs to another id", path.display())]
    Material {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// Others than the file's owner may read or write it.
    #[error("{}: mode is {mode:04o} and must be 0600: chmod 600 {}", path.display(), path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not TOML with the fields of a key ring.
    #[error(
        "{}:{line}: a key ring has version = 1 and [[key]] entries with id, created, state \
         (\"active\", \"decrypt\" or \"retired\") and material",
        path.display()
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The file has a version that is not known here.
    #[error("{}: version {version} of the key ring is not known here; this program reads version 1", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that it has.
        version: u32,
    },
}

impl From<Unspecified> for KeyRingError {
    fn from(_: Unspecified) -> Self {
        Self::Crypto
    }
}

pub(super) const SALT_LEN: usize = 32;
