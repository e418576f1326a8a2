//! Private keys at rest: what a store keeps of them, and who can open it.
//!
//! Every generation of a certificate has a data key (DEK) of its own, which encrypts exactly one private key. A
//! [`KeyWrapper`] wraps the DEK under a key-encryption key (KEK) that never reaches a store. [`LocalKeyRing`] keeps
//! its KEKs in a file.
//!
//! What is sealed is bound to its owner, id, generation and public key by the derivation itself, whatever the
//! wrapper does with the context that it is given. It is not bound to a place in time: a store that puts a whole
//! earlier row back is not detected here.

mod envelope;
mod key_file;
mod key_ring;
mod one_time;

use async_trait::async_trait;
use cert_store::KekId;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use envelope::{PlainKey, SealContext, SealError};
pub(crate) use envelope::{open, open_canary, rewrap, rewrap_canary, seal, seal_again, seal_canary};
pub use key_ring::{KeyRingError, LocalKeyRing};

/// Wraps and unwraps data keys: a key ring in memory, or a client of a key management service.
///
/// The `context` names what the data key is for. A wrapper may authenticate it (the local ring does) and may ignore
/// it: that a sealed key fits one certificate only never depends on the wrapper.
#[async_trait]
pub trait KeyWrapper: Send + Sync {
    /// The KEK that new keys are wrapped under.
    ///
    /// # Errors
    /// [`WrapError::Unavailable`] where it cannot be asked.
    async fn active(&self) -> Result<KekId, WrapError>;

    /// Wraps `dek` under `kek`.
    ///
    /// # Errors
    /// [`WrapError::Unknown`] or [`WrapError::Denied`] for a KEK that does not wrap, [`WrapError::Unavailable`].
    async fn wrap(&self, kek: &KekId, context: &SealContext, dek: &Dek) -> Result<Vec<u8>, WrapError>;

    /// The data key in `wrapped`, which [`wrap`](Self::wrap) made under `kek`.
    ///
    /// # Errors
    /// [`WrapError::Corrupt`] where `wrapped` was not made by this KEK for this context, else as for `wrap`.
    async fn unwrap(&self, kek: &KekId, context: &SealContext, wrapped: &[u8]) -> Result<Dek, WrapError>;
}

/// A data key: 256 random bits that encrypt one private key. Zeroized when dropped, and never shown.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Dek([u8; 32]);

impl Dek {
    /// From the bytes that a wrapper recovered.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the wrapper that encrypts them.
    pub const fn secret_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Dek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dek(..)")
    }
}

/// Why a [`KeyWrapper`] did not wrap or unwrap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// The bytes were not wrapped under this KEK for this context, or they were altered.
    #[error(
        "the wrapped data key does not open under {kek}: it was altered, or belongs to another certificate"
    )]
    Corrupt {
        /// The KEK that the record names.
        kek: KekId,
    },
    /// The KEK exists, and may not do this.
    #[error("the key-encryption key {kek} may not be used for this")]
    Denied {
        /// The KEK that was asked for.
        kek: KekId,
    },
    /// The wrapper cannot be asked now.
    #[error("the key wrapper cannot be reached")]
    Unavailable {
        /// What the wrapper reported.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The wrapper has no such KEK.
    #[error("the key ring has no key-encryption key {kek}")]
    Unknown {
        /// The KEK that was asked for.
        kek: KekId,
    },
}
