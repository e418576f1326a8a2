//! HTTPS, with a certificate from the server's own store.

use std::{future::Future, sync::Arc, time::Duration};

use cert_core::DnsName;
use cert_rustls::Edge;
use cert_service::{CertService, with_causes};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::server::TlsStream;

use crate::failure::Failure;

/// Shows every client the certificate that is bound to one name, in the version that stands.
pub(crate) struct Tls {
    edge: Edge,
    config: Arc<ServerConfig>,
    name: DnsName,
}

impl Tls {
    /// Has the service's names followed in the background, by the edge, which opens renewed certificates as well: nobody
    /// else need follow them. That nothing is bound to the name yet is only said: the certificate may come later.
    pub(crate) async fn start(
        certs: CertService,
        name: DnsName,
        background: &mut JoinSet<()>,
    ) -> Result<Self, Failure> {
        // Tenants' domains are not served here, whatever a client asks for.
        let edge = Edge::builder(certs, Arc::new(aws_lc_rs::default_provider()))
            .only_name(name.clone())
            .cache_bytes(CACHE)
            .build();
        let mut config =
            edge.server_config().map_err(|error| Failure::new(format!("cannot set TLS up: {error}")))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let running = edge.run(tokio::time::sleep);
        background.spawn(async move { match running.await {} });
        background.spawn(count(edge.clone()));
        if let Err(error) = edge.warm(&name).await {
            let error = with_causes(&error);
            tracing::warn!(name = name.as_str(), error, "HTTPS clients are refused until this is mended");
        }
        Ok(Self { edge, config: Arc::new(config), name })
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The handshake with a client; `None` where it came to nothing.
    pub(crate) fn open(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = Option<TlsStream<TcpStream>>> + Send + 'static {
        let (edge, config) = (self.edge.clone(), Arc::clone(&self.config));
        async move {
            let opened = tokio::time::timeout(DEADLINE, edge.accept(stream, &config)).await.ok()?;
            // Scanners, and clients that do not trust the certificate. What the store has to do with is in the log
            // already.
            opened.inspect_err(|error| tracing::debug!(error = with_causes(error), "a handshake failed")).ok()
        }
    }
}

/// Shows what the cache of opened keys does, as long as the server runs.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
async fn count(edge: Edge) {
    loop {
        let status = edge.status();
        metrics::counter!("certkeep_edge_cache_hits_total").absolute(status.hits);
        metrics::counter!("certkeep_edge_cache_loads_total").absolute(status.loads);
        metrics::counter!("certkeep_edge_cache_load_failures_total").absolute(status.load_failures);
        metrics::gauge!("certkeep_edge_cache_bytes").set(status.cached_bytes as f64);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Room for the certificate, its versions while it changes, and a second type of key.
const CACHE: usize = 1 << 20;
/// A client that says hello a byte at a time does not keep its place.
const DEADLINE: Duration = Duration::from_secs(10);
