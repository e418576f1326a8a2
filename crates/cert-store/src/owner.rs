//! Owners of certificates.

use core::fmt;
use std::sync::Arc;

use cert_core::{Fingerprint, caps};
use serde::{Deserialize, Serialize};

use crate::Shard;

/// Whose a certificate is: an opaque text of the embedder's, 1 to 255 bytes. Cheap to clone.
///
/// ```
/// use cert_store::OwnerId;
///
/// assert_eq!(OwnerId::new("1381797854")?.as_str(), "1381797854");
/// assert!(OwnerId::new("").is_err());
/// # Ok::<(), cert_store::OwnerIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OwnerId(Arc<str>);

impl OwnerId {
    /// # Errors
    /// [`OwnerIdError`] for an empty text, one longer than 255 bytes, and one with control characters.
    pub fn new(owner: &str) -> Result<Self, OwnerIdError> {
        let is_fit =
            (1..=caps::MAX_NAME_BYTES).contains(&owner.len()) && !owner.chars().any(char::is_control);
        if is_fit { Ok(Self(owner.into())) } else { Err(OwnerIdError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part of an installation that the owner is in.
    pub fn shard(&self) -> Shard {
        let digest = self.digest();
        Shard(u16::from(digest[0]) << 4 | u16::from(digest[1]) >> 4)
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        *Fingerprint::of(self.0.as_bytes()).as_bytes()
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OwnerId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// The text cannot be an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an owner is 1 to 255 bytes without control characters")]
pub struct OwnerIdError;
