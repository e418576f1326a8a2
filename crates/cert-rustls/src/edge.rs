//! The facade.

use std::{convert::Infallible, sync::Arc, time::Duration};

use cert_core::DnsName;
use cert_service::{Caller, CertService, Resolved, ServiceError};
use cert_store::TargetKind;
use futures_util::future::join;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
};

use crate::{
    Builder, EdgeStatus, LoadError, Prepared, cache::KeyCache, choice::Offer, fresh, fresh::Wanted,
    intermediates::Intermediates, load::Loads, status::Counts,
};

/// A node that serves the domains of a [`CertService`]. Cheap to clone; clones are the same edge.
///
/// See the [crate's documentation](crate).
#[derive(Clone)]
pub struct Edge {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) certs: CertService,
    pub(crate) provider: Arc<CryptoProvider>,
    kind: TargetKind,
    names: Names,
    pub(crate) cache: KeyCache,
    pub(crate) intermediates: Intermediates,
    pub(crate) loads: Loads,
    pub(crate) wanted: Wanted,
    pub(crate) counts: Counts,
}

/// Which name answers a client.
#[derive(Debug)]
pub(crate) enum Names {
    /// The one that it asks for, if that is bound.
    Bound { default: Option<DnsName> },
    /// Always the same.
    Only(DnsName),
}

impl Edge {
    /// Starts to build an edge on a service, with the primitives of `provider`.
    pub fn builder(certs: CertService, provider: Arc<CryptoProvider>) -> Builder {
        Builder::new(certs, provider)
    }

    pub(crate) fn from_parts(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Keeps the edge fresh for as long as the future lives: spawn it. It follows the service's feed of changes
    /// ([`follow_names`](CertService::follow_names), so spawn no other), opens the new versions of what is in the
    /// cache, and drops what is gone. It goes on by itself after every failure of the store.
    ///
    /// The runtime's own timer comes as an argument:
    ///
    /// ```
    /// # fn example(edge: cert_rustls::Edge) {
    /// tokio::spawn(edge.run(tokio::time::sleep));
    /// # }
    /// ```
    pub fn run<Sleep, Slept>(
        &self,
        sleep: Sleep,
    ) -> impl Future<Output = Infallible> + Send + use<Sleep, Slept>
    where
        Sleep: Fn(Duration) -> Slept + Send + Sync + Clone,
        Slept: Future<Output = ()> + Send,
    {
        let edge = self.clone();
        let following = self.parts.certs.follow_names(sleep.clone());
        async move { join(following, fresh::tend(&edge, sleep)).await.0 }
    }

    /// A rustls configuration that serves this edge's certificates: its provider, safe default versions, no client
    /// authentication, and the edge as resolver.
    ///
    /// # Errors
    /// What rustls says where the provider lacks what its default versions need.
    pub fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.parts.provider));
        let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
        Ok(builder.with_cert_resolver(Arc::new(self.clone())))
    }

    /// Loads what a client needs, before it is answered. The future borrows nothing, so that the hello may go on living
    /// where it does; take [`Prepared::config`] for the answer, in the case of a failure too.
    ///
    /// Of any number of clients that wait for one certificate, one loads it. A name that is not bound is decided on
    /// without a question to the store.
    ///
    /// ```
    /// use cert_rustls::Edge;
    /// use rustls::{ServerConfig, ServerConnection, server::Accepted};
    ///
    /// # type Refused = (rustls::Error, rustls::server::AcceptedAlert);
    /// async fn answer(edge: &Edge, accepted: Accepted, config: &ServerConfig) -> Result<ServerConnection, Refused> {
    ///     let prepared = edge.prepare(&accepted.client_hello()).await;
    ///     accepted.into_connection(prepared.config(config))
    /// }
    /// ```
    pub fn prepare(&self, hello: &ClientHello<'_>) -> impl Future<Output = Prepared> + Send + use<> {
        let (parts, offer) = (&self.parts, Offer::of(hello, &self.parts.provider));
        let name = parts.answering(hello.server_name());
        let found = name.and_then(|name| parts.lookup(name));
        let prepared = match found.and_then(|found| parts.at_hand(found, offer)) {
            Some(prepared) => Ok(prepared),
            None => Err((self.clone(), found, name.map(str::to_owned))),
        };
        async move {
            match prepared {
                Ok(prepared) => prepared,
                Err((edge, found, name)) => edge.parts.prepare(found, name, offer).await,
            }
        }
    }

    /// Opens the certificates of a name ahead of its first client, and says why it cannot.
    ///
    /// # Errors
    /// [`LoadError`]
    pub async fn warm(&self, name: &DnsName) -> Result<(), LoadError> {
        let found = if self.parts.certs.names().is_ready() {
            self.parts.lookup(name.as_str())
        } else {
            self.parts.ask(name.as_str()).await.map_err(LoadError::service)?
        };
        for served in found.ok_or(LoadError::UnknownName)?.slots() {
            self.parts.load(served).await?;
        }
        Ok(())
    }

    /// What it serves, how fresh that is, and what has failed: for metrics.
    pub fn status(&self) -> EdgeStatus {
        let parts = &self.parts;
        parts.counts.status(parts.certs.names_status(), &parts.cache)
    }
}

impl Parts {
    pub(crate) fn new(
        certs: CertService,
        provider: Arc<CryptoProvider>,
        kind: TargetKind,
        names: Names,
        cache_bytes: usize,
    ) -> Self {
        Self {
            certs,
            provider,
            kind,
            names,
            cache: KeyCache::new(cache_bytes),
            intermediates: Intermediates::default(),
            loads: Loads::default(),
            wanted: Wanted::default(),
            counts: Counts::default(),
        }
    }

    /// What is not at hand.
    async fn prepare(
        self: &Arc<Self>,
        found: Option<Resolved>,
        name: Option<String>,
        offer: Offer,
    ) -> Prepared {
        let found = match (found, name) {
            // What is not in the view is unknown, once the view is ready.
            (None, Some(name)) if !self.certs.names().is_ready() => self.ask(&name).await,
            (found, _) => Ok(found),
        };
        match found {
            Ok(Some(found)) => self.load_for(found, offer).await,
            Ok(None) => {
                self.counts.unknown();
                Prepared::failed(LoadError::UnknownName)
            }
            Err(error) => Prepared::failed(self.counts.failed(LoadError::service(error))),
        }
    }

    /// What serves the name that a client asks for, as far as the view has been read.
    pub(crate) fn resolve(&self, asked: Option<&str>) -> Option<Resolved> {
        self.lookup(self.answering(asked)?)
    }

    /// The name whose certificate answers, before it is known whether it is bound.
    fn answering<'a>(&'a self, asked: Option<&'a str>) -> Option<&'a str> {
        match &self.names {
            Names::Bound { default } => asked.or_else(|| default.as_ref().map(DnsName::as_str)),
            Names::Only(name) => Some(name.as_str()),
        }
    }

    fn lookup(&self, name: &str) -> Option<Resolved> {
        self.certs.lookup(self.kind, name).or_else(|| self.certs.lookup(self.kind, self.fallback()?))
    }

    /// The store's own word, while the view is not ready yet.
    async fn ask(&self, name: &str) -> Result<Option<Resolved>, ServiceError> {
        for name in [Some(name), self.fallback()].into_iter().flatten() {
            let Ok(name) = name.parse() else { continue };
            let found = self.certs.resolve(&Caller::edge(), self.kind, &name).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn fallback(&self) -> Option<&str> {
        match &self.names {
            Names::Bound { default } => default.as_ref().map(DnsName::as_str),
            Names::Only(_) => None,
        }
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("names", &self.parts.names).finish_non_exhaustive()
    }
}

const _: () = {
    const fn is_resolver<T: ResolvesServerCert>() {}
    is_resolver::<Edge>();
};
