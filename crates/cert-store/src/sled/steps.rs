//! The writes: each decides against the overlay and changes it, or refuses and changes nothing.

use cert_core::Timestamp;
use tokio::sync::oneshot;

use super::{
    layout::{Key, index_keys},
    overlay::{Overlay, Reader as _, missing},
};
use crate::{CertId, CertSummary, ClaimName, Generation, Inserted, NewCert, OwnerId, Quota, StoreError};

/// Where the answer to a step goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A write that waits for its turn.
pub(super) enum Step {
    Claim { name: ClaimName, expected: Option<Vec<u8>>, value: Vec<u8>, reply: Reply<Vec<u8>> },
    Delete { id: CertId, owner: OwnerId, now: Timestamp, reply: Reply<()> },
    Insert { cert: Box<NewCert>, quota: Quota, now: Timestamp, reply: Reply<Inserted> },
}

/// A decided step: its answer can be given once its changes are on disk.
pub(super) type Answer = Box<dyn FnOnce(Option<StoreError>) + Send>;

impl Step {
    /// Decides the step. Nobody may be waiting for the answer any more; the step happens all the same.
    pub(super) fn decide(self, overlay: &mut Overlay<'_>) -> Answer {
        match self {
            Self::Claim { name, expected, value, reply } => {
                answer(reply, claim(overlay, &name, expected, value))
            }
            Self::Delete { id, owner, now, reply } => answer(reply, delete(overlay, id, &owner, now)),
            Self::Insert { cert, quota, now, reply } => answer(reply, insert(overlay, *cert, quota, now)),
        }
    }
}

/// A refusal stands whatever becomes of the batch; a success only if the batch was written.
fn answer<T: Send + 'static>(reply: Reply<T>, decision: Result<T, StoreError>) -> Answer {
    Box::new(move |failure| {
        let outcome = match (decision, failure) {
            (Ok(_), Some(failure)) => Err(failure),
            (decision, _) => decision,
        };
        // Whoever asked may have gone.
        let _ = reply.send(outcome);
    })
}

fn insert(
    overlay: &mut Overlay<'_>,
    cert: NewCert,
    quota: Quota,
    now: Timestamp,
) -> Result<Inserted, StoreError> {
    let upload = Key::upload(&cert.owner, &cert.upload_digest());
    if let Some(id) = overlay.value(&upload, "insert")? {
        return Ok(Inserted { id, generation: overlay.summary(id)?.generation, existing: true });
    }
    if overlay.bytes(Key::cert(cert.id).as_bytes())?.is_some() {
        return Err(StoreError::AlreadyExists { id: cert.id });
    }
    let mut account = overlay.account(&cert.owner, now)?;
    if let Some(limit) = quota.reached_by(account.usage()) {
        return Err(StoreError::QuotaExceeded { owner: cert.owner, limit });
    }
    account.add(cert.leaf.not_after);
    let summary = CertSummary::of_new(&cert, now);
    overlay.put(&Key::account(&cert.owner), &account)?;
    overlay.put(&upload, &cert.id)?;
    overlay.put(&Key::cert(cert.id), &summary)?;
    overlay.put(&Key::chain(cert.id, Generation::FIRST), &cert.chain)?;
    overlay.put(&Key::sealed_key(cert.id, Generation::FIRST), &cert.sealed_key)?;
    for key in index_keys(&summary) {
        overlay.put(&key, &())?;
    }
    Ok(Inserted { id: cert.id, generation: Generation::FIRST, existing: false })
}

fn delete(overlay: &mut Overlay<'_>, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
    let summary = overlay.summary(id)?;
    if summary.owner != *owner {
        return Err(StoreError::NotFound { id });
    }
    let chain = Key::chain(id, summary.generation);
    let served = overlay
        .value(&chain, "delete")?
        .ok_or_else(|| missing("delete", "a certificate without its chain"))?;
    let sealed = Key::sealed_key(id, summary.generation);
    let sealed_key = overlay
        .value(&sealed, "delete")?
        .ok_or_else(|| missing("delete", "a certificate without its key"))?;
    let mut account = overlay.account(owner, now)?;
    account.remove(summary.leaf.not_after);
    overlay.put(&Key::account(owner), &account)?;
    for key in index_keys(&summary) {
        overlay.remove(&key);
    }
    overlay.remove(&Key::cert(id));
    overlay.remove(&chain);
    overlay.remove(&sealed);
    let CertSummary { name, common_name, labels, leaf, .. } = summary;
    let owner = owner.clone();
    let upload = NewCert { id, owner, name, common_name, labels, leaf, chain: served, sealed_key };
    overlay.remove(&Key::upload(&upload.owner, &upload.upload_digest()));
    Ok(())
}

fn claim(
    overlay: &mut Overlay<'_>,
    name: &ClaimName,
    expected: Option<Vec<u8>>,
    value: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    let key = Key::claim(name);
    let standing = overlay.value(&key, "claim")?;
    if standing != expected {
        return Ok(standing.unwrap_or_default());
    }
    overlay.put(&key, &value)?;
    Ok(value)
}
