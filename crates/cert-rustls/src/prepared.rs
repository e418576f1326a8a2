//! What a client is answered with.

use std::sync::Arc;

use cert_service::{Match, Served};
use cert_store::{BindOptions, CertId, Generation};
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::{LoadError, cache::Hot};

/// What a client is to be answered with: a certificate that is at hand, or the reason why there is none.
///
/// It holds the certificate itself: nothing that happens meanwhile, to the cache or in the store, lets the answer fail.
#[derive(Debug)]
#[must_use = "the client waits for its answer, which is a refusal where there is no certificate"]
pub struct Prepared(Result<Ready, LoadError>);

#[derive(Debug)]
struct Ready {
    key: Arc<CertifiedKey>,
    id: CertId,
    generation: Generation,
    matched: Match,
    options: BindOptions,
}

impl Prepared {
    pub(crate) fn ready(served: Served, hot: Hot, matched: Match) -> Self {
        let Hot { key, generation, .. } = hot;
        Self(Ok(Ready { key, id: served.id, generation, matched, options: served.options }))
    }

    pub(crate) const fn failed(error: LoadError) -> Self {
        Self(Err(error))
    }

    /// The configuration for the answer: `base` with this certificate. Sessions, tickets and everything else stay those
    /// of `base`. Where there is no certificate, the answer is the alert that says so.
    pub fn config(&self, base: &ServerConfig) -> Arc<ServerConfig> {
        let key = self.0.as_ref().ok().map(|ready| Arc::clone(&ready.key));
        let mut config = base.clone();
        config.cert_resolver = Arc::new(Pinned(key));
        Arc::new(config)
    }

    /// The certificate and its version; `None` where there is none.
    pub fn cert(&self) -> Option<(CertId, Generation)> {
        self.0.as_ref().ok().map(|ready| (ready.id, ready.generation))
    }

    /// What the owner wants for the domain, such as HTTP/2: choose the base for [`config`](Self::config) by it.
    pub fn options(&self) -> Option<BindOptions> {
        self.0.as_ref().ok().map(|ready| ready.options)
    }

    /// How the name was found.
    pub fn matched(&self) -> Option<Match> {
        self.0.as_ref().ok().map(|ready| ready.matched)
    }

    /// Why there is no certificate.
    pub const fn failure(&self) -> Option<&LoadError> {
        match &self.0 {
            Ok(_) => None,
            Err(error) => Some(error),
        }
    }
}

/// Resolves to one certificate, or to none.
#[derive(Debug)]
struct Pinned(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Pinned {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}
