//! How long the store takes for each of its steps.

use std::{
    future::Future,
    sync::{Arc, LazyLock},
    time::Instant,
};

use async_trait::async_trait;
use cert_core::{Explain as _, Timestamp};
use cert_store::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, ClaimName, Entry, EntryKey, Event,
    Expiring, FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
};
use metrics::Histogram;

/// A store whose steps are measured.
pub(crate) struct TimedStore(pub(crate) Arc<dyn CertStore>);

/// A step with its numbers. Their handles are kept: looking one up costs as much as a read of a store in memory.
macro_rules! timed {
    ($operation:literal, $step:expr) => {{
        static SECONDS: LazyLock<Histogram> =
        LazyLock::new(|| metrics::histogram!("certkeep_store_seconds", "operation" => $operation));
        timed($operation, &SECONDS, $step).await
    }};
}

async fn timed<T>(
    operation: &'static str,
    seconds: &Histogram,
    step: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let started = Instant::now();
    let outcome = step.await;
    seconds.record(started.elapsed());
    if let Err(
        error @ (StoreError::Unavailable { .. } | StoreError::Unknown { .. } | StoreError::Corrupt { .. }),
    ) = &outcome
    {
        metrics::counter!("certkeep_store_failures_total", "operation" => operation, "rule" => error.rule())
            .increment(1);
    }
    outcome
}

#[async_trait]
impl CertStore for TimedStore {
    async fn insert(&self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError> {
        timed!("insert", self.0.insert(cert, quota, now))
    }

    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        timed!("get", self.0.get(id))
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        timed!("sealed_key", self.0.sealed_key(id, generation))
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        timed!("page", self.0.page(owner, after, size))
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        timed!("find", self.0.find(owner, by, after, size))
    }

    async fn replace(
        &self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        timed!("replace", self.0.replace(id, generation, version, quota, now))
    }

    async fn rollback(
        &self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        timed!("rollback", self.0.rollback(id, generation, sealed_key, quota, now))
    }

    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        timed!("delete_if_unbound", self.0.delete_if_unbound(id, owner, now))
    }

    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        timed!("claim", self.0.claim(name, expected, value, now))
    }

    async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError> {
        timed!("claimed", self.0.claimed(name))
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        timed!("usage", self.0.usage(owner, now))
    }

    async fn bind(
        &self,
        id: CertId,
        owner: &OwnerId,
        generation: Generation,
        target: &Target,
        options: BindOptions,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        timed!("bind", self.0.bind(id, owner, generation, target, options, now))
    }

    async fn take_over(
        &self,
        target: &Target,
        from: CertId,
        to: CertId,
        generation: Generation,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        timed!("take_over", self.0.take_over(target, from, to, generation, owner, now))
    }

    async fn move_binding(
        &self,
        target: &Target,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
        generation: Generation,
        now: Timestamp,
    ) -> Result<CertId, StoreError> {
        timed!("move_binding", self.0.move_binding(target, from, to, id, generation, now))
    }

    async fn unbind(
        &self,
        target: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        timed!("unbind", self.0.unbind(target, owner, now))
    }

    async fn bound(&self, target: &Target) -> Result<Option<Binding>, StoreError> {
        timed!("bound", self.0.bound(target))
    }

    async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError> {
        timed!("bindings", self.0.bindings(id))
    }

    async fn bound_by(
        &self,
        owner: &OwnerId,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, StoreError> {
        timed!("bound_by", self.0.bound_by(owner, after, size))
    }

    async fn bound_all(&self, after: Option<&Target>, size: PageSize) -> Result<Vec<Binding>, StoreError> {
        timed!("bound_all", self.0.bound_all(after, size))
    }

    async fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
        size: PageSize,
    ) -> Result<Vec<Expiring>, StoreError> {
        timed!("expiring", self.0.expiring(before, after, size))
    }

    async fn head(&self) -> Result<FeedMarker, StoreError> {
        timed!("head", self.0.head())
    }

    async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        timed!("changes", self.0.changes(after, size))
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        timed!("prune", self.0.prune(before))
    }

    async fn sealed_under(
        &self,
        kek: &KekId,
        after: Option<(CertId, Generation)>,
        size: PageSize,
    ) -> Result<Vec<SealedUnder>, StoreError> {
        timed!("sealed_under", self.0.sealed_under(kek, after, size))
    }

    async fn rewrap(
        &self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        timed!("rewrap", self.0.rewrap(id, generation, from, sealed_key, now))
    }

    async fn retire(&self, kek: &KekId, now: Timestamp) -> Result<(), StoreError> {
        timed!("retire", self.0.retire(kek, now))
    }

    async fn export(&self, after: Option<&EntryKey>, size: PageSize) -> Result<Vec<Entry>, StoreError> {
        timed!("export", self.0.export(after, size))
    }

    async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        timed!("import", self.0.import(entry, now))
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        timed!("totals", self.0.totals())
    }
}
