//! The canary: a record that every store keeps, and that only its own key ring opens.
//!
//! Two nodes that start together with two rings cannot both begin, since the store sets the canary once.

use cert_core::Timestamp;
use cert_store::{CertStore, ClaimName, KekId, SealedKey, StoreError};

use crate::{KeyWrapper, SealError, ServiceError, sealing, service::ATTEMPTS};

/// The claim under which a store keeps it.
pub(crate) const CLAIM: &str = "ring-canary";

/// Leaves a canary in a store that has none, and opens the one that stands.
pub(crate) async fn prove(
    store: &dyn CertStore,
    wrapper: &dyn KeyWrapper,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let standing = standing(store, wrapper, now).await?;
    open(wrapper, &standing).await
}

/// The canary that stands, which is a fresh one in a store that has none. Only there anything is written.
async fn standing(
    store: &dyn CertStore,
    wrapper: &dyn KeyWrapper,
    now: Timestamp,
) -> Result<Vec<u8>, ServiceError> {
    if let Some(standing) = store.claimed(&claim()).await? {
        return Ok(standing);
    }
    let fresh = sealing::seal_canary(wrapper).await?;
    Ok(store.claim(&claim(), None, fresh.as_bytes(), now).await?)
}

/// Whether the ring opens a canary.
pub(crate) async fn open(wrapper: &dyn KeyWrapper, record: &[u8]) -> Result<(), ServiceError> {
    match sealing::open_canary(wrapper, record).await {
        Err(source) if source.is_final() => Err(ServiceError::WrongRing { source }),
        opened => Ok(opened?),
    }
}

/// Wraps the canary's data key under `to`, if it is under `from`.
pub(crate) async fn rewrap(
    store: &dyn CertStore,
    wrapper: &dyn KeyWrapper,
    from: &KekId,
    to: &KekId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut standing = standing(store, wrapper, now).await?;
    for _ in 0..=ATTEMPTS {
        let sealed = SealedKey::from_bytes(standing.clone()).map_err(|_| SealError::Malformed)?;
        if sealed.kek_id() != from {
            return Ok(());
        }
        // Only another rewrap can come between; then its canary stands.
        let rewrapped = sealing::rewrap_canary(wrapper, &sealed, to).await?;
        standing = store.claim(&claim(), Some(&standing), rewrapped.as_bytes(), now).await?;
    }
    Err(StoreError::InUse { kek: from.clone() }.into())
}

fn claim() -> ClaimName {
    #[expect(clippy::expect_used, reason = "a constant of the right characters")]
    ClaimName::new(CLAIM).expect("lower-case letters and a hyphen")
}
