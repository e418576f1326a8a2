//! Handshakes on tokio's streams.

use std::io;

use rustls::{ServerConfig, server::Acceptor};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::{Edge, LoadError};

impl Edge {
    /// Reads a client's hello, loads the certificate that it needs, and answers. `config` is that of all clients, such
    /// as [`server_config`](Self::server_config); its resolver is not asked.
    ///
    /// A client may take its time: put a timeout around it.
    ///
    /// # Errors
    /// [`AcceptError::NoCertificate`] where there is none for the client, who was told so; [`AcceptError::Handshake`]
    /// for everything else, which is the client's or the network's doing.
    pub async fn accept<IO>(&self, io: IO, config: &ServerConfig) -> Result<TlsStream<IO>, AcceptError>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), io).await?;
        let loading = self.prepare(&start.client_hello());
        let prepared = loading.await;
        let answered = start.into_stream(prepared.config(config)).await;
        match prepared.failure() {
            // The client has its alert, whatever came of sending it.
            Some(failure) => Err(AcceptError::NoCertificate(failure.clone())),
            None => Ok(answered?),
        }
    }
}

/// Why a client has no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The client did not speak TLS, or nothing that the configuration allows, or it went away.
    #[error("the handshake failed")]
    Handshake(#[from] io::Error),
    /// There is no certificate for the client.
    #[error("there is no certificate for the client")]
    NoCertificate(#[source] LoadError),
}
