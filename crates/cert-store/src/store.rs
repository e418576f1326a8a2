//! The trait, whose documentation is the contract.

use async_trait::async_trait;
use cert_core::Timestamp;

use crate::{
    CertId, CertRecord, CertSummary, ClaimName, FindBy, Generation, Inserted, NewCert, OwnerId, PageSize,
    Quota, SealedKey, StoreError, Usage,
};

/// A place where certificates with their sealed keys are kept.
///
/// # The contract
///
/// **Steps.** Every method is one linearizable step: it happens at one instant between its call and its answer, or
/// not at all, and what a write presupposes (room in the quota, an absent id) is decided in the same step. There are
/// no transactions, locks or counts that a caller sees, so there is nothing to check and then act on.
///
/// **Durability.** A write that was answered with `Ok` survives a crash of the process and of the machine, in
/// backends that are durable at all.
///
/// **Cancellation.** Dropping the future of a call leaves all of the step or nothing of it.
///
/// **Failures.** Every method may fail with [`StoreError::Unavailable`] (nothing happened) and
/// [`StoreError::Corrupt`]; a write also with [`StoreError::Unknown`] (it may have happened). Each write may be
/// repeated after that: it is idempotent, or says that it has happened.
///
/// **Time.** Writes take the caller's `now`. Within an owner, time does not go back: a write with an earlier `now`
/// than one before it counts expiry as that one did.
///
/// The trait has no default bodies, so that no backend drifts from another unnoticed. The tests in `conformance`
/// (a feature) hold a backend to this text.
#[async_trait]
pub trait CertStore: Send + Sync {
    /// Stores a certificate, if its owner is within quota.
    ///
    /// The same upload again ([`NewCert::upload_digest`], within an owner) gets the id and the generation of the one
    /// that is stored, and nothing is changed: not its labels, not its key, and no quota is used.
    ///
    /// The quota is exact under concurrency: of any number of inserts, no more succeed than there are places. It
    /// counts certificates whose end is after the step's time; one that has expired only counts towards
    /// [`Quota::total`].
    ///
    /// # Errors
    /// [`StoreError::QuotaExceeded`] (400500), [`StoreError::AlreadyExists`] where another certificate has the id,
    /// whoever owns it. A refused insert consumes nothing.
    async fn insert(&self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError>;

    /// The certificate with its chain, without its key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401).
    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError>;

    /// The sealed key of a generation. Apart from [`get`](Self::get), so that nothing reads keys by accident.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for an id or a generation that is not kept.
    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError>;

    /// The owner's certificates with ids behind `after`, in the order of their ids.
    ///
    /// A list that is read page by page, each from the last id before it, shows exactly once what exists all the
    /// while. `after` need not exist any more. An empty page is the end.
    ///
    /// # Errors
    /// Only those of every method.
    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError>;

    /// As [`page`](Self::page), but only what `by` describes.
    ///
    /// # Errors
    /// Only those of every method.
    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<CertSummary>, StoreError>;

    /// Deletes the owner's certificate and all its keys.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for an id that does not exist, or is another owner's.
    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError>;

    /// Sets a small fact to `value` if it stands at `expected` (`None`: does not stand), and gives what stands
    /// afterwards, set or not.
    ///
    /// # Errors
    /// Only those of every write.
    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, StoreError>;

    /// How many certificates the owner has: for showing, and for a cheap refusal. Never for admitting, which
    /// [`insert`](Self::insert) alone decides.
    ///
    /// # Errors
    /// Only those of every method.
    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError>;
}
