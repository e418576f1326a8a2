//! Stores that fail, or are exchanged, behind the back of whoever uses them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use cert_core::Timestamp;
use cert_store::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, ClaimName, Entry, EntryKey, Event,
    Expiring, FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
};

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A store that can be put out of reach, that counts its calls, and that lets a test in between.
pub(crate) struct Faulty {
    inner: Arc<dyn CertStore>,
    fails: AtomicBool,
    feed_fails: AtomicBool,
    calls: AtomicU64,
    keys_read: AtomicU64,
    delay_millis: AtomicU64,
    before_changes: Mutex<Option<Hook>>,
}

impl Faulty {
    pub(crate) fn new(inner: impl CertStore + 'static) -> Self {
        Self::shared(Arc::new(inner))
    }

    pub(crate) fn shared(inner: Arc<dyn CertStore>) -> Self {
        Self {
            inner,
            fails: AtomicBool::new(false),
            feed_fails: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            keys_read: AtomicU64::new(0),
            delay_millis: AtomicU64::new(0),
            before_changes: Mutex::new(None),
        }
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// Puts the feed alone out of reach.
    pub(crate) fn fail_feed(&self, fails: bool) {
        self.feed_fails.store(fails, Ordering::SeqCst);
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// How often a sealed key was asked for.
    pub(crate) fn keys_read(&self) -> u64 {
        self.keys_read.load(Ordering::SeqCst)
    }

    /// From here on each call takes so long.
    pub(crate) fn delay(&self, delay: std::time::Duration) {
        self.delay_millis.store(delay.as_millis() as u64, Ordering::SeqCst);
    }

    /// Runs `hook` once, before the next reading of changes that finds its marker in the feed.
    pub(crate) fn before_changes(
        &self,
        hook: impl FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static,
    ) {
        *self.before_changes.lock().unwrap() = Some(Box::new(hook));
    }

    async fn inner(&self, operation: &'static str) -> Result<&Arc<dyn CertStore>, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if operation == "sealed_key" {
            self.keys_read.fetch_add(1, Ordering::SeqCst);
        }
        let delay = self.delay_millis.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
        }
        let is_feed = matches!(operation, "changes" | "head");
        if self.fails.load(Ordering::SeqCst) || is_feed && self.feed_fails.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                backend: "faulty",
                operation,
                source: "out of reach".into(),
            });
        }
        Ok(&self.inner)
    }

    async fn changes_after_hook(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        let inner = self.inner("changes").await?;
        inner.changes(after, size).await?;
        let hook = self.before_changes.lock().unwrap().take();
        if let Some(hook) = hook {
            hook().await;
        }
        inner.changes(after, size).await
    }
}

/// A store that can be exchanged for another, or taken away.
pub(crate) struct Switch(Mutex<Option<Arc<dyn CertStore>>>);

impl Switch {
    pub(crate) fn new(store: Arc<dyn CertStore>) -> Self {
        Self(Mutex::new(Some(store)))
    }

    pub(crate) fn switch(&self, store: Option<Arc<dyn CertStore>>) {
        *self.0.lock().unwrap() = store;
    }

    async fn inner(&self, operation: &'static str) -> Result<Arc<dyn CertStore>, StoreError> {
        let store = self.0.lock().unwrap().clone();
        store.ok_or_else(|| StoreError::Unavailable {
            backend: "switch",
            operation,
            source: "taken away".into(),
        })
    }

    async fn changes_after_hook(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        self.inner("changes").await?.changes(after, size).await
    }
}

macro_rules! forward {
    ($store:ty) => {
        #[async_trait]
        impl CertStore for $store {
            async fn insert(
                &self,
                cert: NewCert,
                quota: Quota,
                now: Timestamp,
            ) -> Result<Inserted, StoreError> {
                self.inner("insert").await?.insert(cert, quota, now).await
            }

            async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
                self.inner("get").await?.get(id).await
            }

            async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
                self.inner("sealed_key").await?.sealed_key(id, generation).await
            }

            async fn page(
                &self,
                owner: &OwnerId,
                after: Option<CertId>,
                size: PageSize,
            ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
                self.inner("page").await?.page(owner, after, size).await
            }

            async fn find(
                &self,
                owner: &OwnerId,
                by: &FindBy,
                after: Option<CertId>,
                size: PageSize,
            ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
                self.inner("find").await?.find(owner, by, after, size).await
            }

            async fn replace(
                &self,
                id: CertId,
                generation: Generation,
                version: NewVersion,
                quota: Quota,
                now: Timestamp,
            ) -> Result<Generation, StoreError> {
                self.inner("replace").await?.replace(id, generation, version, quota, now).await
            }

            async fn rollback(
                &self,
                id: CertId,
                generation: Generation,
                sealed_key: SealedKey,
                quota: Quota,
                now: Timestamp,
            ) -> Result<Generation, StoreError> {
                self.inner("rollback").await?.rollback(id, generation, sealed_key, quota, now).await
            }

            async fn delete_if_unbound(
                &self,
                id: CertId,
                owner: &OwnerId,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                self.inner("delete_if_unbound").await?.delete_if_unbound(id, owner, now).await
            }

            async fn claim(
                &self,
                name: &ClaimName,
                expected: Option<&[u8]>,
                value: &[u8],
                now: Timestamp,
            ) -> Result<Vec<u8>, StoreError> {
                self.inner("claim").await?.claim(name, expected, value, now).await
            }

            async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError> {
                self.inner("claimed").await?.claimed(name).await
            }

            async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
                self.inner("usage").await?.usage(owner, now).await
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
                self.inner("bind").await?.bind(id, owner, generation, target, options, now).await
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
                self.inner("take_over").await?.take_over(target, from, to, generation, owner, now).await
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
                self.inner("move_binding").await?.move_binding(target, from, to, id, generation, now).await
            }

            async fn unbind(
                &self,
                target: &Target,
                owner: &OwnerId,
                now: Timestamp,
            ) -> Result<Option<CertId>, StoreError> {
                self.inner("unbind").await?.unbind(target, owner, now).await
            }

            async fn bound(&self, target: &Target) -> Result<Option<Binding>, StoreError> {
                self.inner("bound").await?.bound(target).await
            }

            async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError> {
                self.inner("bindings").await?.bindings(id).await
            }

            async fn bound_by(
                &self,
                owner: &OwnerId,
                after: Option<&Target>,
                size: PageSize,
            ) -> Result<Vec<Binding>, StoreError> {
                self.inner("bound_by").await?.bound_by(owner, after, size).await
            }

            async fn bound_all(
                &self,
                after: Option<&Target>,
                size: PageSize,
            ) -> Result<Vec<Binding>, StoreError> {
                self.inner("bound_all").await?.bound_all(after, size).await
            }

            async fn expiring(
                &self,
                before: Timestamp,
                after: Option<(Timestamp, CertId)>,
                size: PageSize,
            ) -> Result<Vec<Expiring>, StoreError> {
                self.inner("expiring").await?.expiring(before, after, size).await
            }

            async fn head(&self) -> Result<FeedMarker, StoreError> {
                self.inner("head").await?.head().await
            }

            async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
                self.changes_after_hook(after, size).await
            }

            async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
                self.inner("prune").await?.prune(before).await
            }

            async fn sealed_under(
                &self,
                kek: &KekId,
                after: Option<(CertId, Generation)>,
                size: PageSize,
            ) -> Result<Vec<SealedUnder>, StoreError> {
                self.inner("sealed_under").await?.sealed_under(kek, after, size).await
            }

            async fn rewrap(
                &self,
                id: CertId,
                generation: Generation,
                from: &KekId,
                sealed_key: SealedKey,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                self.inner("rewrap").await?.rewrap(id, generation, from, sealed_key, now).await
            }

            async fn retire(&self, kek: &KekId, now: Timestamp) -> Result<(), StoreError> {
                self.inner("retire").await?.retire(kek, now).await
            }

            async fn export(
                &self,
                after: Option<&EntryKey>,
                size: PageSize,
            ) -> Result<Vec<Entry>, StoreError> {
                self.inner("export").await?.export(after, size).await
            }

            async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
                self.inner("import").await?.import(entry, now).await
            }

            async fn totals(&self) -> Result<Totals, StoreError> {
                self.inner("totals").await?.totals().await
            }
        }
    };
}

forward!(Faulty);
forward!(Switch);
