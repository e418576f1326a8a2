//! Clients: rustls, `openssl s_client` and curl. Each says which certificate it was shown.

use std::{net::SocketAddr, sync::Arc};

use cert_core::testing::{Issued, TestCa};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SignatureScheme, SupportedProtocolVersion,
    crypto::WebPkiSupportedAlgorithms,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{net::TcpStream, process::Command};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A rustls client that trusts a root.
#[derive(Clone)]
pub(crate) struct Client(pub(crate) ClientConfig);

/// Which signatures a client can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verifies {
    All,
    Ecdsa,
    Rsa,
}

pub(crate) static BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

impl Client {
    pub(crate) fn new(root: &TestCa) -> Self {
        Self::with(root, Verifies::All, BOTH)
    }

    pub(crate) fn with(
        root: &TestCa,
        verifies: Verifies,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let mut provider = super::provider().as_ref().clone();
        let all = provider.signature_verification_algorithms;
        let kept: Vec<_> =
            all.mapping.iter().copied().filter(|(scheme, _)| verifies.takes(*scheme)).collect();
        let mapping = Box::leak(kept.into_boxed_slice());
        provider.signature_verification_algorithms = WebPkiSupportedAlgorithms { all: all.all, mapping };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.der().to_vec())).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Every handshake is a full one.
        config.resumption = rustls::client::Resumption::disabled();
        Self(config)
    }

    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(address).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(self.0.clone())).connect(name, tcp).await
    }

    /// The leaf that it is shown, or what it says of the refusal.
    pub(crate) async fn leaf(&self, address: SocketAddr, name: &str) -> Result<Vec<u8>, String> {
        let stream = self.connect(address, name).await.map_err(|error| error.to_string())?;
        Ok(leaf_of(&stream))
    }

    pub(crate) async fn version(&self, address: SocketAddr, name: &str) -> Option<ProtocolVersion> {
        self.connect(address, name).await.unwrap().get_ref().1.protocol_version()
    }
}

impl Verifies {
    fn takes(self, scheme: SignatureScheme) -> bool {
        let is_rsa = format!("{scheme:?}").starts_with("RSA");
        match self {
            Self::All => true,
            Self::Ecdsa => !is_rsa,
            Self::Rsa => is_rsa,
        }
    }
}

pub(crate) fn leaf_of(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

pub(crate) fn leaf(issued: &Issued) -> Vec<u8> {
    issued.certificates()[0].clone()
}

/// What `openssl s_client` prints, its own verification included, and whether it ended well.
pub(crate) async fn openssl(address: SocketAddr, root: &str, arguments: &[&str]) -> (bool, String) {
    let address = address.to_string();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-CAfile", root, "-verify_return_error", "-brief"]);
    run(command.args(arguments)).await
}

/// The leaf that `openssl s_client` prints, in base64 without breaks.
pub(crate) async fn openssl_leaf(address: SocketAddr, root: &str, arguments: &[&str]) -> String {
    let address = address.to_string();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-CAfile", root, "-verify_return_error"]);
    base64_of(&run(command.args(arguments)).await.1)
}

/// What curl prints, and whether it ended well.
pub(crate) async fn curl(address: SocketAddr, root: &str, name: &str, arguments: &[&str]) -> (bool, String) {
    let (port, url) = (address.port(), format!("https://{name}:{}/", address.port()));
    let resolve = format!("{name}:{port}:{}", address.ip());
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--verbose", "--cacert", root, "--resolve", &resolve]);
    run(command.args(arguments).arg(url)).await
}

/// The first certificate in a text.
pub(crate) fn base64_of(pem: &str) -> String {
    let body = pem.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap_or_default();
    let body = body.split("-----END").next().unwrap_or_default();
    body.split_whitespace().collect()
}

async fn run(command: &mut Command) -> (bool, String) {
    command.stdin(std::process::Stdio::null());
    let output = command.output().await.expect("openssl and curl are installed: the tests need both");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
