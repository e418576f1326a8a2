//! Connecting, host by host.

use core::{fmt, future::Future, pin::Pin};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Connect;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, Config, Connection, Error, Socket,
    config::{Host, SslMode},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{config::PostgresConfig, error::PostgresOpenError};

/// Connects to the first host that answers in time and is what the configuration asks for, beginning with the one
/// that did so last. A client that takes the hosts in turn itself would wait for one that hangs without an end, since
/// its own time-out ends with the TCP handshake.
pub(super) struct HostByHost {
    hosts: Vec<Config>,
    last: AtomicUsize,
    tls: MakeRustlsConnect,
    patience: Duration,
}

impl HostByHost {
    pub(super) fn new(config: &PostgresConfig) -> Result<Self, PostgresOpenError> {
        let session = &config.session;
        let hosts = (0..session.get_hosts().len()).map(|index| only_host(session, index)).collect();
        let patience = session.get_connect_timeout().copied().unwrap_or(PATIENCE);
        let tls = MakeRustlsConnect::new(tls_config(config)?);
        Ok(Self { hosts, last: AtomicUsize::new(0), tls, patience })
    }

    /// A connection with a task that drives it.
    pub(super) async fn connect(&self) -> Result<(Client, JoinHandle<()>), ConnectError> {
        let (client, connection) = self.connect_to_drive().await?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to Postgres ended");
            }
        });
        Ok((client, driver))
    }

    /// A connection that the caller drives.
    pub(super) async fn connect_to_drive(&self) -> Result<(Client, Driver), ConnectError> {
        let first = self.last.load(Ordering::Relaxed);
        let mut failure = ConnectError::NoAnswer(self.patience);
        for index in (first..self.hosts.len()).chain(0..first) {
            match timeout(self.patience, self.hosts[index].connect(self.tls.clone())).await {
                Ok(Ok(connected)) => {
                    self.last.store(index, Ordering::Relaxed);
                    return Ok(connected);
                }
                // A refusal says more than silence, so it is kept.
                Ok(Err(error)) => failure = ConnectError::Refused(error),
                Err(_) => {}
            }
        }
        Err(failure)
    }
}

/// The side of a connection that speaks with the server.
pub(super) type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Enough for a handshake over any network that a database should be on.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why no host could be used; of several, what the last one said.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("the server did not answer within {0:?}")]
    NoAnswer(Duration),
    #[error("{}", explain(.0))]
    Refused(#[source] Error),
}

fn explain(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("the server refused the connection: {}", said.message()),
        None => "the connection could not be made".to_owned(),
    }
}

impl fmt::Debug for HostByHost {
    /// The configurations show no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostByHost").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// The pool's side.
pub(super) struct Connector(pub(super) Arc<HostByHost>);

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async move {
            loop {
                match self.0.connect().await {
                    Ok(connected) => return Ok(connected),
                    Err(ConnectError::Refused(error)) => return Err(error),
                    // One that hangs may go on, or another be promoted: until the pool's time is up.
                    Err(ConnectError::NoAnswer(_)) => tokio::task::yield_now().await,
                }
            }
        })
    }
}

/// The configuration with one of its hosts alone.
fn only_host(all: &Config, index: usize) -> Config {
    let mut one = Config::new();
    one.ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .target_session_attrs(all.get_target_session_attrs())
        .channel_binding(all.get_channel_binding())
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .application_name(all.get_application_name().unwrap_or("certkeep"));
    match &all.get_hosts()[index] {
        Host::Tcp(name) => one.host(name),
        // TLS is not for sockets.
        #[cfg(unix)]
        Host::Unix(folder) => one.host_path(folder).ssl_mode(SslMode::Disable),
    };
    if let Some(address) = all.get_hostaddrs().get(index) {
        one.hostaddr(*address);
    }
    // One port holds for all hosts.
    if let Some(port) = all.get_ports().get(index).or_else(|| all.get_ports().first()) {
        one.port(*port);
    }
    all.get_user().map(|user| one.user(user));
    all.get_password().map(|password| one.password(password));
    all.get_dbname().map(|name| one.dbname(name));
    all.get_options().map(|options| one.options(options));
    all.get_tcp_user_timeout().map(|after| one.tcp_user_timeout(*after));
    all.get_keepalives_interval().map(|interval| one.keepalives_interval(interval));
    all.get_keepalives_retries().map(|retries| one.keepalives_retries(retries));
    one
}

fn tls_config(config: &PostgresConfig) -> Result<ClientConfig, PostgresOpenError> {
    let roots = match &config.root_certificates {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(path) => {
            let unreadable =
                |source| PostgresOpenError::TrustAnchors { path: path.display().to_string(), source };
            let pem = fs::read(path).map_err(|error| unreadable(error.into()))?;
            let mut roots = RootCertStore::empty();
            for anchor in CertificateDer::pem_slice_iter(&pem) {
                let anchor = anchor.map_err(|error| unreadable(error.to_string().into()))?;
                roots.add(anchor).map_err(|error| unreadable(error.into()))?;
            }
            if roots.is_empty() {
                return Err(unreadable("there is no certificate in it".into()));
            }
            roots
        }
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| PostgresOpenError::Connect(error.into()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
