//! TLS handshakes in memory: what they cost the server, without the client's part and without a network.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use cert_rustls::Edge;
use pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{Accepted, Acceptor},
};

/// The primitives of both sides.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A client that trusts a root, in DER, speaks one version, and never resumes a session.
pub fn client(root: &[u8], version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).expect("a root can be trusted");
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .expect("the provider has it")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// What a server does with a client's hello.
pub enum Server<'a> {
    /// Answers it, by whatever resolver the configuration has.
    Direct(&'a Arc<ServerConfig>),
    /// Has the edge prepare what it needs, and answers then.
    Prepared(&'a Edge, &'a ServerConfig),
}

impl Server<'_> {
    /// A whole handshake, and what it took of the server's time.
    pub fn handshake(&self, client: &Arc<ClientConfig>, name: &str) -> Duration {
        let mut client = connection(client, name);
        let mut to_server = written(|out| client.write_tls(out));
        let start = Instant::now();
        let mut server = self.answer(&to_server);
        let mut to_client = written(|out| if server.wants_write() { server.write_tls(out) } else { Ok(0) });
        let mut spent = start.elapsed();
        while client.is_handshaking() || server.is_handshaking() {
            read(&to_client, |bytes| client.read_tls(bytes));
            client.process_new_packets().expect("the client accepts it");
            to_server = written(|out| if client.wants_write() { client.write_tls(out) } else { Ok(0) });
            let start = Instant::now();
            read(&to_server, |bytes| server.read_tls(bytes));
            server.process_new_packets().expect("the server accepts it");
            to_client = written(|out| if server.wants_write() { server.write_tls(out) } else { Ok(0) });
            spent += start.elapsed();
        }
        spent
    }

    fn answer(&self, hello: &[u8]) -> ServerConnection {
        match self {
            Self::Direct(config) => {
                let mut server = ServerConnection::new(Arc::clone(config)).expect("a good configuration");
                read(hello, |bytes| server.read_tls(bytes));
                server.process_new_packets().expect("it is answered");
                server
            }
            Self::Prepared(edge, config) => {
                let accepted = accepted(hello);
                let prepared = ready(edge.prepare(&accepted.client_hello()));
                let config = prepared.config(config);
                accepted.into_connection(config).map_err(|(error, _)| error).expect("it is answered")
            }
        }
    }
}

/// The hello of a client that asks for a name, as a server has read it.
pub fn hello(client: &Arc<ClientConfig>, name: &str) -> Accepted {
    let mut client = connection(client, name);
    accepted(&written(|out| client.write_tls(out)))
}

/// The result of a future that never waits: everything is at hand, or in memory.
///
/// # Panics
/// Where it waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a store in memory answers at once"),
    }
}

fn accepted(hello: &[u8]) -> Accepted {
    let mut acceptor = Acceptor::default();
    read(hello, |bytes| acceptor.read_tls(bytes));
    acceptor.accept().map_err(|(error, _)| error).expect("a good hello").expect("a whole hello")
}

fn connection(client: &Arc<ClientConfig>, name: &str) -> ClientConnection {
    let name = ServerName::try_from(name.to_owned()).expect("a host name");
    ClientConnection::new(Arc::clone(client), name).expect("a good configuration")
}

fn written(mut write: impl FnMut(&mut Vec<u8>) -> std::io::Result<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while write(&mut bytes).expect("memory takes it") > 0 {}
    bytes
}

fn read(mut bytes: &[u8], mut take: impl FnMut(&mut &[u8]) -> std::io::Result<usize>) {
    while !bytes.is_empty() {
        take(&mut bytes).expect("memory gives it");
    }
}
