//! The server's configuration: flags beat the environment, and both beat the file.

mod file;
pub(crate) mod plans;
pub(crate) mod trust;
mod units;

use std::{
    collections::HashMap,
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use cert_core::DnsName;
use cert_http::{Credential, Scheme};
use cert_service::Caller;
use cert_store::Quota;
use zeroize::Zeroizing;

use crate::{cli::ServeArgs, client, failure::Failure, files, store::StoreUrl};

pub(crate) use file::LogFormat;
use file::{CredentialEntry, FileConfig, LimitsTable, Role, SchemeWord};
pub(crate) use plans::PlansByOwner;

/// Everything that `serve` needs, checked.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsConfig>,
    pub(crate) store: StoreUrl,
    pub(crate) key_ring: PathBuf,
    pub(crate) expose_private_keys: bool,
    pub(crate) log: LogFormat,
    pub(crate) limits: Limits,
    pub(crate) plans: PlansByOwner,
    pub(crate) credentials: HashMap<String, Arc<Credential>>,
}

/// What may come in at once, and how long it may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_body: usize,
    pub(crate) max_requests: usize,
    pub(crate) max_connections: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) request_timeout: Duration,
    /// Requests of an owner: so many a second, so many at once after a pause.
    pub(crate) rate: Option<(NonZeroU32, NonZeroU32)>,
}

/// Where HTTPS is listened for, and whose certificate is shown there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TlsConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) name: DnsName,
}

impl Config {
    /// Reads the file at `path`, and lets the flags beat it.
    pub(crate) fn load(path: &Path, args: &ServeArgs) -> Result<Self, Failure> {
        let mut file = FileConfig::read(path)?;
        override_by(&mut file, args);
        Self::check(file).map_err(|failure| Failure::new(format!("{}: {failure}", path.display())))
    }

    fn check(file: FileConfig) -> Result<Self, String> {
        let listen = file.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
        let limits = file.limits.clone().unwrap_or_default();
        Ok(Self {
            listen: address("listen", listen)?,
            tls: tls(file.tls_listen.as_deref(), file.tls_name.as_deref())?,
            store: store(&file)?,
            log: file.log.unwrap_or_default(),
            key_ring: file.key_ring.clone().unwrap_or_else(|| DEFAULT_KEY_RING.into()),
            expose_private_keys: file.expose_private_keys.unwrap_or(true),
            limits: Limits::check(&limits)?,
            plans: PlansByOwner::new(&file)?,
            credentials: credentials(file.credential)?,
        })
    }
}

impl Limits {
    fn check(table: &LimitsTable) -> Result<Self, String> {
        let seconds = |field: &str, text: &Option<String>, default: u64| match text {
            None => Ok(Duration::from_secs(default)),
            Some(text) => match u64::try_from(units::seconds(field, text)?) {
                Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
                _ => Err(format!("{field} must be at least 1s")),
            },
        };
        let at_least_one = |field: &str, number: Option<usize>, default: usize| match number {
            Some(0) => Err(format!("{field} must be at least 1")),
            number => Ok(number.unwrap_or(default)),
        };
        let max_body = table.max_body.as_deref().unwrap_or(DEFAULT_MAX_BODY);
        Ok(Self {
            max_body: units::bytes("limits.max_body", max_body)?,
            max_requests: at_least_one("limits.max_requests", table.max_requests, 512)?,
            max_connections: at_least_one("limits.max_connections", table.max_connections, 16_384)?,
            header_timeout: seconds("limits.header_timeout", &table.header_timeout, 30)?,
            body_timeout: seconds("limits.body_timeout", &table.body_timeout, 30)?,
            request_timeout: seconds("limits.request_timeout", &table.request_timeout, 30)?,
            rate: table.rate.map(|rate| (rate.per_second, rate.burst)),
        })
    }
}

/// The store, with its password from a file where one is named.
fn store(file: &FileConfig) -> Result<StoreUrl, String> {
    let url = file.store.as_deref().unwrap_or(DEFAULT_STORE);
    let Some(path) = &file.store_password_file else { return StoreUrl::parse(url) };
    if !url.starts_with("postgres") {
        return Err("store_password_file is for a store in Postgres".to_owned());
    }
    let password = files::read_line(path).map_err(|failure| format!("store_password_file: {failure}"))?;
    let encoded = Zeroizing::new(client::encode(&password));
    let separator = if url.contains('?') { '&' } else { '?' };
    StoreUrl::parse(&Zeroizing::new(format!("{url}{separator}password={}", *encoded)))
}

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_STORE: &str = "sled:./certkeep-data/store";
const DEFAULT_KEY_RING: &str = "./certkeep-data/keyring.toml";
const DEFAULT_MAX_BODY: &str = "1MiB";
const DEFAULT_QUOTA: Quota = Quota { live: 1_000, total: 10_000 };

fn address(field: &str, text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("{field} = \"{text}\" must be an address and a port, as {DEFAULT_LISTEN}"))
}

fn tls(listen: Option<&str>, name: Option<&str>) -> Result<Option<TlsConfig>, String> {
    let Some(listen) = listen else { return Ok(None) };
    let name = name.ok_or_else(|| {
        "tls_listen needs tls_name: the domain whose certificate clients are shown".to_owned()
    })?;
    let name = name.parse().map_err(|error| format!("tls_name = \"{name}\": {error}"))?;
    Ok(Some(TlsConfig { listen: address("tls_listen", listen)?, name }))
}

fn override_by(file: &mut FileConfig, args: &ServeArgs) {
    let mut limits = file.limits.take().unwrap_or_default();
    limits.quota = args.quota.or(limits.quota);
    limits.total = args.total.or(limits.total);
    limits.max_body = args.max_body.clone().or(limits.max_body);
    file.limits = Some(limits);
    file.listen = args.listen.map(|listen| listen.to_string()).or_else(|| file.listen.take());
    file.log = args.log.or(file.log);
    file.store_password_file = args.store_password_file.clone().or_else(|| file.store_password_file.take());
    file.tls_listen = args.tls_listen.map(|listen| listen.to_string()).or_else(|| file.tls_listen.take());
    file.tls_name = args.tls_name.clone().or_else(|| file.tls_name.take());
    file.store = args.store.clone().or_else(|| file.store.take());
    file.key_ring = args.key_ring.clone().or_else(|| file.key_ring.take());
    file.expose_private_keys = args.expose_private_keys.or(file.expose_private_keys);
}

fn credentials(entries: Vec<CredentialEntry>) -> Result<HashMap<String, Arc<Credential>>, String> {
    if entries.is_empty() {
        return Err("there is no [[credential]], so nobody could call this server; add one".to_owned());
    }
    let mut credentials = HashMap::new();
    for entry in entries {
        let access_key = entry.access_key.clone();
        if credentials.insert(access_key.clone(), Arc::new(credential(entry)?)).is_some() {
            return Err(format!("the access key {access_key} stands there twice"));
        }
    }
    Ok(credentials)
}

fn credential(entry: CredentialEntry) -> Result<Credential, String> {
    let at = format!("credential {}", entry.access_key);
    let caller = match (entry.role, &entry.owner) {
        (Role::Tenant, Some(owner)) => Caller::tenant(owner).map_err(|error| format!("{at}: {error}"))?,
        (Role::Tenant, None) => return Err(format!("{at}: a tenant needs an owner")),
        (Role::Operator, None) => Caller::operator(),
        (Role::Operator, Some(owner)) => {
            Caller::operator().acting_for(owner).map_err(|error| format!("{at}: {error}"))?
        }
    };
    let secret_key = match (entry.secret_key, entry.secret_key_file) {
        (Some(secret), None) => secret,
        (None, Some(path)) => files::read_line(&path).map_err(|failure| format!("{at}: {failure}"))?,
        _ => return Err(format!("{at}: one of secret_key and secret_key_file is needed")),
    };
    if entry.access_key.is_empty() || entry.access_key.contains(':') || secret_key.is_empty() {
        return Err(format!("{at}: keys must not be empty, and an access key has no colon"));
    }
    // The access key stands in the audit trail: of several credentials of an owner, it says which.
    let credential = Credential::new(caller.known_as(&entry.access_key), secret_key);
    held_to(credential, &entry.schemes, entry.require_date).map_err(|message| format!("{at}: {message}"))
}

/// The credential, held to schemes and to a date.
fn held_to(
    credential: Credential,
    schemes: &Option<Vec<SchemeWord>>,
    require_date: bool,
) -> Result<Credential, String> {
    if schemes.as_ref().is_some_and(Vec::is_empty) {
        return Err("schemes is empty, so nothing would be accepted".to_owned());
    }
    if require_date && schemes.as_deref() != Some(&[SchemeWord::Qiniu]) {
        return Err("require_date needs schemes = [\"qiniu\"]: qbox signs no date".to_owned());
    }
    let credential = match schemes {
        None => credential,
        Some(words) => {
            let words = words.iter().map(|word| match word {
                SchemeWord::Qbox => Scheme::QBox,
                SchemeWord::Qiniu => Scheme::Qiniu,
            });
            credential.with_schemes(&words.collect::<Vec<_>>())
        }
    };
    Ok(if require_date { credential.dated() } else { credential })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
