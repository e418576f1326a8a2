//! The server's configuration: flags beat the environment, and both beat the file.

mod file;
pub(crate) mod plans;
pub(crate) mod trust;
mod units;

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use cert_core::DnsName;
use cert_http::Credential;
use cert_service::Caller;
use cert_store::Quota;
use zeroize::Zeroizing;

use crate::store::StoreUrl;

use crate::{cli::ServeArgs, failure::Failure};

use file::{CredentialEntry, FileConfig, Role};
use plans::PlansByOwner;

/// Everything that `serve` needs, checked.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<TlsConfig>,
    pub(crate) store: StoreUrl,
    pub(crate) key_ring: PathBuf,
    pub(crate) expose_private_keys: bool,
    pub(crate) max_body: usize,
    pub(crate) plans: PlansByOwner,
    pub(crate) credentials: HashMap<String, Arc<Credential>>,
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
            store: StoreUrl::parse(file.store.as_deref().unwrap_or(DEFAULT_STORE))?,
            key_ring: file.key_ring.clone().unwrap_or_else(|| DEFAULT_KEY_RING.into()),
            expose_private_keys: file.expose_private_keys.unwrap_or(true),
            max_body: units::bytes(
                "limits.max_body",
                limits.max_body.as_deref().unwrap_or(DEFAULT_MAX_BODY),
            )?,
            plans: PlansByOwner::new(&file)?,
            credentials: credentials(file.credential)?,
        })
    }
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
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path)
                .map(Zeroizing::new)
                .map_err(|error| format!("{at}: cannot read {}: {error}", path.display()))?;
            Zeroizing::new(text.trim().to_owned())
        }
        _ => return Err(format!("{at}: one of secret_key and secret_key_file is needed")),
    };
    if entry.access_key.is_empty() || entry.access_key.contains(':') || secret_key.is_empty() {
        return Err(format!("{at}: keys must not be empty, and an access key has no colon"));
    }
    Ok(Credential::new(caller, secret_key))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
