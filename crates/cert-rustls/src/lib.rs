//! From the store to the handshake: a TLS server on [rustls](https://docs.rs/rustls) with any number of certificates.
//!
//! An [`Edge`] serves what is bound to domains in a [`CertService`](cert_service::CertService). It starts with names
//! only; a private key is opened when its first client comes, and kept in a cache with a bound in bytes. What is
//! replaced, taken over or re-bound is served within a second; a store that is away changes nothing but the
//! [status](EdgeStatus).
//!
//! ```
//! use std::sync::Arc;
//! use cert_rustls::Edge;
//! use rustls::{ServerConfig, crypto::CryptoProvider};
//!
//! # async fn serve(
//! #     certs: cert_service::CertService,
//! #     provider: Arc<CryptoProvider>,
//! #     listener: tokio::net::TcpListener,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let edge = Edge::builder(certs, provider).cache_bytes(256 << 20).build();
//! tokio::spawn(edge.run(tokio::time::sleep)); // keeps it fresh
//! let config: ServerConfig = edge.server_config()?; // or one of your own
//! loop {
//!     let (tcp, _) = listener.accept().await?;
//!     let (edge, config) = (edge.clone(), config.clone());
//!     tokio::spawn(async move {
//!         let tls = edge.accept(tcp, &config).await?; // with the feature `tokio`; bound its time
//! #       drop(tls);
//!         Ok::<_, cert_rustls::AcceptError>(())
//!     });
//! }
//! # }
//! ```
//!
//! # Two ways in
//!
//! `Edge::accept` (feature `tokio`), and [`Edge::prepare`] for those who drive rustls'
//! [`Acceptor`](rustls::server::Acceptor) themselves, read the client's hello, load what it needs, and only then
//! answer: a known name never fails because its key was not at hand.
//!
//! An [`Edge`] is a [`ResolvesServerCert`](rustls::server::ResolvesServerCert) as well, for servers that take nothing
//! else. That trait must answer at once, so it answers from the cache: for a certificate that is not there it serves
//! the version before, if it has that, else it refuses this one handshake; either way it has the certificate loaded,
//! and the next client is served. Use it where there is no other way.
//!
//! # Which certificate
//!
//! The name itself before the wildcard above it, unexpired before expired. Of the two certificates that a name may
//! have, one with an elliptic curve for clients that can verify it, since it costs the server a tenth of RSA; else RSA. A client that
//! sends no name, or one that nobody has bound, gets the [default](Builder::default_name), if there is one.
//!
//! It deliberately installs no process-wide provider, spawns nothing, and staples no OCSP responses.

mod builder;
mod cache;
mod choice;
mod edge;
mod error;
mod fresh;
mod intermediates;
mod load;
mod prepared;
mod resolve;
mod status;
#[cfg(feature = "tokio")]
mod stream;

pub use builder::Builder;
pub use edge::Edge;
pub use error::LoadError;
pub use prepared::Prepared;
pub use status::EdgeStatus;
#[cfg(feature = "tokio")]
pub use stream::AcceptError;
