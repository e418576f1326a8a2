//! Putting an edge together.

use std::sync::Arc;

use cert_core::DnsName;
use cert_service::CertService;
use cert_store::TargetKind;
use rustls::crypto::CryptoProvider;

use crate::{
    Edge,
    edge::{Names, Parts},
};

/// An [`Edge`] in the making.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    certs: CertService,
    provider: Arc<CryptoProvider>,
    kind: TargetKind,
    names: Names,
    cache_bytes: usize,
}

impl Builder {
    pub(crate) const fn new(certs: CertService, provider: Arc<CryptoProvider>) -> Self {
        let (kind, names) = (TargetKind::Cdn, Names::Bound { default: None });
        Self { certs, provider, kind, names, cache_bytes: DEFAULT_CACHE_BYTES }
    }

    /// Serves domains of this kind; [`TargetKind::Cdn`] by default.
    pub const fn kind(mut self, kind: TargetKind) -> Self {
        self.kind = kind;
        self
    }

    /// Answers clients that send no name, or one that is not bound, with what is bound to `name`. Without it they are
    /// refused.
    pub fn default_name(mut self, name: DnsName) -> Self {
        self.names = Names::Bound { default: Some(name) };
        self
    }

    /// Answers every client with what is bound to `name`, whatever it asks for: for a server that has a certificate
    /// here but is none of the tenants' domains.
    pub fn only_name(mut self, name: DnsName) -> Self {
        self.names = Names::Only(name);
        self
    }

    /// How much memory opened certificates may take, by an estimate that is close; 64 MiB by default, which is room
    /// for some 30,000 with an elliptic curve, or 8,000 with RSA. Those that were not asked for the longest leave first. Zero keeps none.
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// The edge. It serves at once; spawn [`Edge::run`] to keep it fresh.
    pub fn build(self) -> Edge {
        let Self { certs, provider, kind, names, cache_bytes } = self;
        Edge::from_parts(Parts::new(certs, provider, kind, names, cache_bytes))
    }
}

const DEFAULT_CACHE_BYTES: usize = 64 << 20;
