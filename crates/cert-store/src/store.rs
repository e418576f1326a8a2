//! The trait, whose documentation is the contract.

use std::sync::Arc;

use async_trait::async_trait;
use cert_core::Timestamp;

use crate::{
    BindOptions, Binding, CertId, CertRecord, CertSummary, ClaimName, Entry, EntryKey, Event, Expiring,
    FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
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
/// repeated after that: it is idempotent, or its answer shows that it has happened.
///
/// **Lists.** A list is in the order of its keys and goes on behind the key of the last item that was read, whether
/// or not that exists any more. Read page by page, it shows exactly once what exists all the while. An empty page is
/// the end.
///
/// **Generations.** A write that names a generation happens only while that one stands, and one that has happened
/// makes it another: so a decision that was made on a version never applies to the next.
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
    /// whoever owns it; [`StoreError::Retired`] for a key under a retired key-encryption key. A refused insert consumes nothing.
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
    ) -> Result<Vec<Arc<CertSummary>>, StoreError>;

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
    ) -> Result<Vec<Arc<CertSummary>>, StoreError>;

    /// Puts a new version under the id, as the generation after `generation`, and returns the generation that stands.
    /// The version that it replaces is kept for [`rollback`](Self::rollback), the one before that is forgotten with
    /// its key. The name stays, and so does what is bound; labels stay unless the version brings some.
    ///
    /// The content that stands already (common name and served chain, and labels if it brings some), whatever the
    /// generation, is `Ok` and changes nothing, so that the call may be repeated. Where only the labels are others,
    /// only they are replaced: the generation stays, with its key, and the version before it is kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401); [`StoreError::Stale`] where another generation stands;
    /// [`StoreError::WouldUncover`] where a bound domain would lose its cover; [`StoreError::QuotaExceeded`] (400500)
    /// where a certificate that had expired would come back to life above the quota; [`StoreError::Retired`] for a
    /// key under a retired key-encryption key.
    async fn replace(
        &self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError>;

    /// Puts the previous version under the id, as the generation after `generation`, with its key sealed anew for
    /// that, and returns the generation that stands. The version that it leaves is kept in its turn. Name and labels
    /// stay: they are notes about the certificate and not part of a version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401); [`StoreError::Stale`], and so does a repeated call end;
    /// [`StoreError::NoPrevious`]; [`StoreError::WouldUncover`], [`StoreError::QuotaExceeded`] and
    /// [`StoreError::Retired`] as for [`replace`](Self::replace).
    async fn rollback(
        &self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError>;

    /// Deletes the owner's certificate with its versions and keys, if nothing is bound to it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for an id that does not exist, or is another owner's;
    /// [`StoreError::StillBound`] (400611, or 400911 where only storage domains are bound). Of a delete and a bind at
    /// the same time one is refused.
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

    /// What stands as a claim, if it stands: [`claim`](Self::claim) without writing.
    ///
    /// # Errors
    /// Only those of every method.
    async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError>;

    /// How many certificates the owner has: for showing, and for a cheap refusal. Never for admitting, which
    /// [`insert`](Self::insert) alone decides.
    ///
    /// # Errors
    /// Only those of every method.
    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError>;

    /// Binds the owner's certificate to a target, with these options, and returns the certificate that was bound there
    /// before, if it was another one. That one belongs to the same owner, and so does what is bound to the other slot
    /// of the domain: of two owners who bind the two slots of one domain at the same time one is refused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401), also for another owner's id; [`StoreError::Stale`] where another generation
    /// stands; [`StoreError::NotCovered`]; [`StoreError::Expired`] (400329); [`StoreError::BoundElsewhere`] where
    /// another owner holds the target, or the other slot of its domain.
    async fn bind(
        &self,
        id: CertId,
        owner: &OwnerId,
        generation: Generation,
        target: &Target,
        options: BindOptions,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError>;

    /// Re-points a target of the owner from one of his certificates to another which outlives it, and marks the first
    /// as superseded by the second. The options stay. If that has happened already, it is `Ok`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for either id, also if it is another owner's; [`StoreError::Stale`] where
    /// `from` is not bound there any more, or another generation of `to` stands; [`StoreError::NotCovered`];
    /// [`StoreError::Expired`] (400329) where `to` has expired or does not outlive `from`.
    async fn take_over(
        &self,
        target: &Target,
        from: CertId,
        to: CertId,
        generation: Generation,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Moves the domain of a target from one owner to a certificate of another, which then serves the target: the one
    /// step that crosses owners, so it names the owner that it expects. The other slot is freed, since both have one
    /// owner. Returns the certificate that was bound to the target, or else to the other slot. The options start
    /// anew. If the new owner's certificate is bound there already, it is `Ok`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for an id that is not the new owner's; [`StoreError::Stale`] where `from` does
    /// not hold the domain, or another generation stands; [`StoreError::NotCovered`]; [`StoreError::Expired`] (400329).
    async fn move_binding(
        &self,
        target: &Target,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
        generation: Generation,
        now: Timestamp,
    ) -> Result<CertId, StoreError>;

    /// Frees a target of the owner, and returns the certificate that was bound there, if one was.
    ///
    /// # Errors
    /// [`StoreError::BoundElsewhere`] where another owner holds the target.
    async fn unbind(
        &self,
        target: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError>;

    /// Which certificate serves a target.
    ///
    /// # Errors
    /// Only those of every method.
    async fn bound(&self, target: &Target) -> Result<Option<Binding>, StoreError>;

    /// The targets that a certificate serves, in their order; none for one that does not exist.
    ///
    /// # Errors
    /// Only those of every method.
    async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError>;

    /// An owner's bindings behind `after`, in the order of their targets.
    ///
    /// # Errors
    /// Only those of every method.
    async fn bound_by(
        &self,
        owner: &OwnerId,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, StoreError>;

    /// All bindings behind `after`, in the order of their targets: what an edge starts from.
    ///
    /// # Errors
    /// Only those of every method.
    async fn bound_all(&self, after: Option<&Target>, size: PageSize) -> Result<Vec<Binding>, StoreError>;

    /// The certificates of all owners that end before an instant, expired ones too: soonest first, and by id where
    /// ends are alike. `after` is the end and the id of the last one that was read.
    ///
    /// # Errors
    /// Only those of every method.
    async fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
        size: PageSize,
    ) -> Result<Vec<Expiring>, StoreError>;

    /// The end of the change feed: every step that was answered before is in front of it.
    ///
    /// # Errors
    /// Only those of every method.
    async fn head(&self) -> Result<FeedMarker, StoreError>;

    /// The events behind a marker, in the order in which their steps happened. Their positions have no gaps, so a
    /// reader who polls while others write misses none. A write that changes nothing makes no event.
    ///
    /// # Errors
    /// [`StoreError::MarkerTooOld`] where events behind the marker were pruned, or it is of another epoch. Then a
    /// reader starts again: [`head`](Self::head), [`bound_all`](Self::bound_all), and the changes since that head.
    async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError>;

    /// Forgets the events up to the first that is not older than an instant, and says how many those were.
    ///
    /// # Errors
    /// Only those of every write.
    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Every generation that is kept whose key is sealed under a key-encryption key, by id and generation, behind
    /// `after`.
    ///
    /// # Errors
    /// Only those of every method.
    async fn sealed_under(
        &self,
        kek: &KekId,
        after: Option<(CertId, Generation)>,
        size: PageSize,
    ) -> Result<Vec<SealedUnder>, StoreError>;

    /// Puts `sealed_key` in the place of one that is sealed under `from`. If it stands there already, it is `Ok`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] (400401) for a generation that is not kept; [`StoreError::Stale`] where what stands
    /// is sealed under another key-encryption key than `from`; [`StoreError::Retired`] for the new one's.
    async fn rewrap(
        &self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Retires a key-encryption key for good: from here on, no key that is sealed under it is stored. Retiring it
    /// again is `Ok`.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a key of any kept generation is sealed under it. Of a retirement and a write at
    /// the same time one is refused.
    async fn retire(&self, kek: &KekId, now: Timestamp) -> Result<(), StoreError>;

    /// Everything that the store has, behind `after`, in the order of the entries' keys: what
    /// [`migrate`](crate::migrate()) carries to another store. Sealed keys come as they are.
    ///
    /// # Errors
    /// Only those of every method.
    async fn export(&self, after: Option<&EntryKey>, size: PageSize) -> Result<Vec<Entry>, StoreError>;

    /// Puts an exported entry back exactly, past any quota, and says whether that was new: the same entry again is
    /// nothing. The owner's usage counts it, and the feed starts a new epoch instead of an event for each.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where something else stands in its place, or holds one of its targets, or another owner
    /// holds the other slot of one of its domains, or keys are sealed under a key-encryption key that it says was
    /// retired; [`StoreError::Retired`] for a key under a retired one.
    async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError>;

    /// Numbers of the whole store, for metrics.
    ///
    /// # Errors
    /// Only those of every method.
    async fn totals(&self) -> Result<Totals, StoreError>;
}
