//! Where a Postgres is, and how it is used.

use core::{fmt, str::FromStr};
use std::{net::IpAddr, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::schema::{Partitions, Schema};

/// Where a Postgres is, and how the store uses it.
///
/// It parses from a URL, as `psql` takes it, with several hosts if there are standbys. Beside the parameters of
/// `tokio-postgres` (in seconds where they are durations) it knows:
///
/// - `schema`: the schema of the installation, `certkeep` by default;
/// - `sslrootcert`: a PEM file with the trust anchors of the server's certificate; without it, those of the web's
///   public PKI. A server's certificate is always verified, with its name, so `verify-ca` and `verify-full` are the
///   same as `sslmode=require`. That is the default where a host is neither a socket nor a loopback address;
/// - `target_session_attrs`: `read-write` by default (`primary` is taken for it), since a standby cannot write;
/// - `connections`: the most connections at once, 16 by default;
/// - `partitions`: 2 to 16 partitions by shard, when the schema is installed; see `docs/store.md`.
///
/// ```
/// use cert_store::PostgresConfig;
///
/// let config: PostgresConfig = "postgres://certkeep@h1,h2/certkeep?schema=edge&sslrootcert=/etc/ca.pem".parse()?;
/// assert_eq!(config.schema(), "edge");
/// let refused = "postgres://h1/db?sslmode=perhaps".parse::<PostgresConfig>().unwrap_err();
/// assert!(refused.to_string().contains("sslmode"), "{refused}");
/// # Ok::<(), cert_store::PostgresConfigError>(())
/// ```
#[derive(Clone)]
pub struct PostgresConfig {
    pub(super) session: tokio_postgres::Config,
    pub(super) schema: Schema,
    pub(super) partitions: Option<Partitions>,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) connections: usize,
    pub(super) deadline: Duration,
    pub(super) migrates: bool,
}

impl PostgresConfig {
    /// The schema of the installation.
    pub fn schema(&self) -> &str {
        self.schema.as_str()
    }

    /// In another schema: 1 to 48 of `a-z`, `0-9` and `_`, not starting with a digit.
    ///
    /// # Errors
    /// [`PostgresConfigError`] for any other name.
    pub fn in_schema(self, name: &str) -> Result<Self, PostgresConfigError> {
        Ok(Self { schema: Schema::new(name)?, ..self })
    }

    /// With that many partitions by shard (2 to 16) when the schema is installed. One that is installed stays as it is.
    ///
    /// # Errors
    /// [`PostgresConfigError`] for any other number.
    pub fn partitioned(self, partitions: u16) -> Result<Self, PostgresConfigError> {
        Ok(Self { partitions: Some(Partitions::new(partitions)?), ..self })
    }

    /// With at most that many connections at once.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// With another time after which a call fails: 5 seconds by default. It holds for a server that hangs, too.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Without installing or migrating the schema when the store is opened, for a role that may not: see
    /// [`PostgresStore::install`](super::PostgresStore::install).
    #[must_use]
    pub fn without_migrating(self) -> Self {
        Self { migrates: false, ..self }
    }
}

impl FromStr for PostgresConfig {
    type Err = PostgresConfigError;

    /// # Errors
    /// [`PostgresConfigError`] for what is no such URL, and for a parameter that is not known or has a wrong value.
    fn from_str(url: &str) -> Result<Self, PostgresConfigError> {
        let (url, own) = Parameters::split(url)?;
        let mut session =
            url.parse::<tokio_postgres::Config>().map_err(|source| PostgresConfigError(explain(&source)))?;
        if session.get_hosts().is_empty() {
            return Err(PostgresConfigError("no host".into()));
        }
        if !own.has_ssl_mode && session.get_hosts().iter().any(|host| !is_local(host)) {
            session.ssl_mode(SslMode::Require);
        }
        if !own.has_session_attrs {
            session.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        end_dead_connections(&mut session);
        Ok(Self {
            session,
            schema: Schema::new(own.schema.as_deref().unwrap_or("certkeep"))?,
            partitions: own.partitions,
            root_certificates: own.root_certificates,
            connections: own.connections.unwrap_or(CONNECTIONS),
            deadline: DEADLINE,
            migrates: true,
        })
    }
}

const CONNECTIONS: usize = 16;
const DEADLINE: Duration = Duration::from_secs(5);

/// Nothing tells a client of a host that has vanished. Keep-alives end an idle connection to it, and the user time-out
/// one with a query under way.
fn end_dead_connections(session: &mut tokio_postgres::Config) {
    if session.get_tcp_user_timeout().is_none() {
        session.tcp_user_timeout(Duration::from_secs(10));
    }
    if session.get_keepalives_interval().is_none() {
        session.keepalives_idle(Duration::from_secs(10));
        session.keepalives_interval(Duration::from_secs(3));
        session.keepalives_retries(3);
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The parameters of a URL that are ours, or that we read otherwise than `tokio-postgres` does.
#[derive(Default)]
struct Parameters {
    schema: Option<String>,
    root_certificates: Option<PathBuf>,
    connections: Option<usize>,
    partitions: Option<Partitions>,
    has_ssl_mode: bool,
    has_session_attrs: bool,
}

impl Parameters {
    /// Takes them out of a URL.
    fn split(url: &str) -> Result<(String, Self), PostgresConfigError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if !base.starts_with("postgres://") && !base.starts_with("postgresql://") {
            return Err(PostgresConfigError("it starts with postgres://".into()));
        }
        let (mut own, mut others) = (Self::default(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| PostgresConfigError(format!("the value of `{name}` is not UTF-8")))?;
            match own.take(name, &value)? {
                None => {}
                Some(kept) if kept == value => others.push(pair.to_owned()),
                Some(other) => others.push(format!("{name}={other}")),
            }
        }
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        Ok((format!("{base}{query}"), own))
    }

    /// Takes one, or gives the value with which it is passed on.
    fn take<'a>(&mut self, name: &str, value: &'a str) -> Result<Option<&'a str>, PostgresConfigError> {
        let number =
            || value.parse().map_err(|_| PostgresConfigError(format!("`{name}` is a number, not `{value}`")));
        match name {
            "schema" => self.schema = Some(value.to_owned()),
            "sslrootcert" => self.root_certificates = Some(PathBuf::from(value)),
            "connections" => self.connections = Some(usize::from(number()?).max(1)),
            "partitions" => self.partitions = Some(Partitions::new(number()?)?),
            "sslmode" => {
                self.has_ssl_mode = true;
                return Ok(Some(if value.starts_with("verify-") { "require" } else { value }));
            }
            "target_session_attrs" => {
                self.has_session_attrs = true;
                return Ok(Some(if value == "primary" { "read-write" } else { value }));
            }
            _ => return Ok(Some(value)),
        }
        Ok(None)
    }
}

fn explain(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

impl fmt::Debug for PostgresConfig {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("hosts", &self.session.get_hosts())
            .field("database", &self.session.get_dbname())
            .field("user", &self.session.get_user())
            .field("schema", &self.schema.as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PostgresConfig {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.session.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = self.session.get_ports();
        for (index, host) in self.session.get_hosts().iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(folder) => write!(f, "{}", folder.display())?,
            }
            match ports.get(index).or_else(|| ports.first()) {
                Some(5432) | None => {}
                Some(port) => write!(f, ":{port}")?,
            }
        }
        write!(f, "/{} (schema {})", self.session.get_dbname().unwrap_or_default(), self.schema.as_str())
    }
}

/// The URL of a Postgres cannot be used: what is wrong with it. A password is not in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the URL of the Postgres store: {0}")]
pub struct PostgresConfigError(pub(super) String);

#[cfg(test)]
mod tests {
    use tokio_postgres::config::{SslMode, TargetSessionAttrs};

    use super::PostgresConfig;

    fn parse(url: &str) -> PostgresConfig {
        url.parse().unwrap()
    }

    #[test]
    fn defaults_are_safe() {
        for (url, mode) in [
            ("postgres://u@db.example/d", SslMode::Require),
            ("postgres://u@localhost,db.example/d", SslMode::Require),
            ("postgres://u@127.0.0.1/d", SslMode::Prefer),
            ("postgres://u@%2Frun%2Fpostgresql/d", SslMode::Prefer),
            ("postgres://u@db.example/d?sslmode=disable", SslMode::Disable),
            ("postgres://u@db.example/d?sslmode=verify-full", SslMode::Require),
        ] {
            assert_eq!(parse(url).session.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn a_primary_is_asked_for() {
        for (url, attrs) in [
            ("postgres://h/d", TargetSessionAttrs::ReadWrite),
            ("postgres://h/d?target_session_attrs=primary", TargetSessionAttrs::ReadWrite),
            ("postgres://h/d?target_session_attrs=any", TargetSessionAttrs::Any),
        ] {
            assert_eq!(parse(url).session.get_target_session_attrs(), attrs, "{url}");
        }
    }

    #[test]
    fn parameters_of_ours_are_taken_out() {
        let config = parse(
            "postgres://h/d?schema=x1&connections=3&application_name=a%26b&partitions=4&sslrootcert=%2Fca",
        );
        assert_eq!((config.schema(), config.connections), ("x1", 3));
        assert_eq!(config.session.get_application_name(), Some("a&b"));
        assert_eq!(config.root_certificates.unwrap().to_str(), Some("/ca"));
        assert_eq!(config.partitions.unwrap().get(), 4);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (url, named) in [
            ("mysql://h/d", "postgres://"),
            ("postgres://h/d?frobnicate=1", "frobnicate"),
            ("postgres://h/d?sslmode=perhaps", "sslmode"),
            ("postgres://h/d?schema=A", "schema"),
            ("postgres://h/d?schema=a%22b", "schema"),
            ("postgres://h/d?partitions=17", "16"),
            ("postgres://h/d?connections=many", "connections"),
            ("postgres:///d", "host"),
        ] {
            let error = url.parse::<PostgresConfig>().unwrap_err().to_string();
            assert!(error.contains(named), "{url}: {error}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let config = parse("postgres://u:sesame@h/d");
        assert!(!format!("{config:?}").contains("sesame"));
    }
}
