//! What an embedder's tests need, beside [`FixedClock`](crate::FixedClock) and
//! [`LocalKeyRing::ephemeral`](crate::LocalKeyRing::ephemeral).
//!
//! ```
//! use std::sync::Arc;
//! use cert_core::{Timestamp, ValidationPolicy};
//! use cert_service::{Caller, CertService, FixedClock, LocalKeyRing, Plan, Upload};
//! use cert_service::testing::{TestCa, TestLeaf};
//! use cert_store::MemoryStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Timestamp::from_unix(1_795_000_000);
//! let root = TestCa::root("Root", now);
//! let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral()?)
//!     .policies(Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust())))))
//!     .clock(FixedClock::new(now))
//!     .build()
//!     .await?;
//! let issued = root.intermediate("CA").issue(&TestLeaf::new(&["www.example.com"]));
//! certs.upload(&Caller::tenant("alice")?, Upload::pem(issued.chain_pem(), issued.key_pem())).await?;
//! # Ok(()) }
//! ```

mod kms;

use cert_core::{Fingerprint, PrivateKey};
use cert_store::{CertId, Generation, OwnerId};

pub use cert_core::testing::{Issued, TestCa, TestLeaf};

pub use self::kms::TestKms;
use crate::{KeyWrapper, PlainKey, SealContext, SealError, sealing};

/// Seals a key for a certificate that there is not, and opens it again: what a benchmark measures.
///
/// # Errors
/// [`SealError`] where the wrapper fails.
pub async fn seal_and_open(wrapper: &dyn KeyWrapper, key: &PrivateKey) -> Result<PlainKey, SealError> {
    let owner = OwnerId::new("owner").map_err(|_| SealError::Crypto)?;
    let spki = Fingerprint::from_bytes([0; 32]);
    let context = SealContext::new(&owner, CertId::MIN, Generation::FIRST, &spki);
    let sealed = sealing::seal(wrapper, &context, key).await?;
    sealing::open(wrapper, &context, &sealed).await
}
