//! Opening certificates: one load for any number of clients that wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cert_core::KeyForm;
use cert_service::{BoundCert, Caller, Resolved, Served, with_causes};
use cert_store::{CertId, Generation, ServedChain};
use futures_util::future::{BoxFuture, FutureExt as _, Shared, WeakShared};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer},
    sign::CertifiedKey,
};

use crate::{LoadError, Prepared, cache::Hot, choice::Offer, edge::Parts};

/// The loads that are under way, and those that failed a moment ago.
#[derive(Default)]
pub(crate) struct Loads(Mutex<HashMap<CertId, Load>>);

enum Load {
    /// Until then the answer is the same, so that a certificate that cannot be opened is no burden to the store.
    Failed { until: Instant, error: LoadError },
    /// It lives as long as somebody waits for it.
    UnderWay(WeakShared<Opening>),
}

impl Parts {
    /// The certificate that suits a client, if it is in the cache.
    pub(crate) fn at_hand(&self, found: Resolved, offer: Offer) -> Option<Prepared> {
        let served = offer.ranked(found).next()?;
        let hot = self.cache.get(served.id).filter(|hot| hot.generation >= served.generation)?;
        self.counts.hit();
        Some(Prepared::ready(served, hot, found.matched()))
    }

    /// The certificates of a name for a client: the one that suits it, or where that cannot be had, what can.
    pub(crate) async fn load_for(self: &Arc<Self>, found: Resolved, offer: Offer) -> Prepared {
        let mut failure = None;
        for served in offer.ranked(found) {
            match self.load(served).await {
                Ok(hot) => return Prepared::ready(served, hot, found.matched()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Prepared::failed(failure.unwrap_or(LoadError::UnknownName))
    }

    /// A certificate in the version of the view or a later one; the version before, if that is at hand and no other is
    /// to be had.
    pub(crate) async fn load(self: &Arc<Self>, served: Served) -> Result<Hot, LoadError> {
        let kept = self.cache.get(served.id);
        match kept {
            Some(hot) if hot.generation >= served.generation => {
                self.counts.hit();
                Ok(hot)
            }
            before => match (self.open(served.id).await, before) {
                (Err(_), Some(before)) => {
                    self.counts.earlier();
                    Ok(before)
                }
                (opened, _) => opened,
            },
        }
    }

    /// Opens a certificate, or waits for whoever is at it.
    pub(crate) async fn open(self: &Arc<Self>, id: CertId) -> Result<Hot, LoadError> {
        let load = self.loads.join(id, || Arc::clone(self).open_alone(id).boxed())?;
        load.await
    }

    async fn open_alone(self: Arc<Self>, id: CertId) -> Result<Hot, LoadError> {
        self.counts.load();
        let opened = self.read(id).await.and_then(|bound| self.admit(bound));
        match &opened {
            Ok(hot) => {
                self.cache.put(id, hot.clone());
                self.loads.end(id);
            }
            Err(error) => {
                tracing::warn!(%id, error = with_causes(error), "a certificate cannot be served");
                self.loads.fail(id, error.clone());
                self.counts.failed(error.clone());
            }
        }
        opened
    }

    /// The version that the store has, unless a later one had been seen before it was asked. One that was replaced while
    /// it was read is read again.
    async fn read(&self, id: CertId) -> Result<BoundCert, LoadError> {
        loop {
            let seen = self.seen(id);
            let bound = self.certs.open_bound(&Caller::edge(), id).await.map_err(LoadError::service)?;
            let found = bound.record.summary.generation;
            if found < seen {
                return Err(LoadError::Outdated { id, seen, found });
            }
            if found >= self.seen(id) {
                return Ok(bound);
            }
        }
    }

    /// Makes of what the store gave what rustls serves.
    fn admit(&self, bound: BoundCert) -> Result<Hot, LoadError> {
        let BoundCert { record, key } = bound;
        let (id, generation) = (record.summary.id, record.summary.generation);
        let form = |der: Vec<u8>| match key.form() {
            KeyForm::Pkcs1 => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der)),
            KeyForm::Pkcs8 => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)),
            KeyForm::Sec1 => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der)),
        };
        // That it belongs to the leaf was proved when it was sealed, and opening it proves that it is the same.
        let signing = self.provider.key_provider.load_private_key(form(key.secret_der().to_vec()));
        let signing = signing.map_err(|source| LoadError::Key { id, source })?;
        let (chain, own_bytes) = self.chain(&record.chain);
        let key = Arc::new(CertifiedKey::new(chain, signing));
        Ok(Hot::new(key, record.summary.leaf.key_type, generation, own_bytes))
    }

    /// The chain, and the length of what no other chain shares.
    fn chain(&self, served: &ServedChain) -> (Vec<CertificateDer<'static>>, usize) {
        let mut own_bytes = 0;
        let share = |(place, der): (usize, &[u8])| {
            let shared = if place == 0 { None } else { self.intermediates.share(der) };
            shared.map_or_else(
                || {
                    own_bytes += der.len();
                    CertificateDer::from(der.to_vec())
                },
                CertificateDer::from,
            )
        };
        let chain = served.iter().enumerate().map(share).collect();
        (chain, own_bytes)
    }

    /// The highest generation of a certificate that this edge knows of.
    fn seen(&self, id: CertId) -> Generation {
        let opened = self.cache.generation(id).unwrap_or(Generation::FIRST);
        self.certs.names().generation(id).map_or(opened, |seen| seen.max(opened))
    }
}

type Opening = BoxFuture<'static, Result<Hot, LoadError>>;

impl Loads {
    /// The load that is under way, else a new one; or the failure that is fresh.
    fn join(&self, id: CertId, begin: impl FnOnce() -> Opening) -> Result<Shared<Opening>, LoadError> {
        let mut loads = self.loads();
        match loads.get(&id) {
            Some(Load::Failed { until, error }) if *until > Instant::now() => return Err(error.clone()),
            Some(Load::UnderWay(load)) => {
                if let Some(load) = load.upgrade() {
                    return Ok(load);
                }
            }
            _ => {}
        }
        if loads.len() >= TIDY_AT {
            loads.retain(|_, load| load.is_current());
        }
        let load = begin().shared();
        // A load that nobody has polled yet has not ended.
        if let Some(weak) = load.downgrade() {
            loads.insert(id, Load::UnderWay(weak));
        }
        Ok(load)
    }

    fn end(&self, id: CertId) {
        self.loads().remove(&id);
    }

    fn fail(&self, id: CertId, error: LoadError) {
        self.loads().insert(id, Load::Failed { until: Instant::now() + HOLD_OFF, error });
    }

    fn loads(&self) -> MutexGuard<'_, HashMap<CertId, Load>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load {
    fn is_current(&self) -> bool {
        match self {
            Self::Failed { until, .. } => *until > Instant::now(),
            Self::UnderWay(load) => load.upgrade().is_some(),
        }
    }
}

/// How long a failure is the answer.
const HOLD_OFF: Duration = Duration::from_millis(500);
/// Loads that everybody gave up, and failures that are over, are swept when there are so many.
const TIDY_AT: usize = 1024;
