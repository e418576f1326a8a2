//! The configuration file's fields.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The file as it stands. Keys that are not known are refused: a misspelt limit must not be no limit.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileConfig {
    pub(super) listen: Option<String>,
    pub(super) tls_listen: Option<String>,
    pub(super) tls_name: Option<String>,
    pub(super) store: Option<String>,
    pub(super) store_password_file: Option<PathBuf>,
    pub(super) log: Option<LogFormat>,
    pub(super) key_ring: Option<PathBuf>,
    pub(super) expose_private_keys: Option<bool>,
    #[serde(default)]
    pub(super) validation: ValidationTable,
    pub(super) limits: Option<LimitsTable>,
    #[serde(default)]
    pub(super) class: BTreeMap<String, ClassTable>,
    #[serde(default)]
    pub(super) credential: Vec<CredentialEntry>,
}

impl FileConfig {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| Failure::file("read the configuration", path, &error))?;
        Self::parse(&text)
            .map_err(|(line, message)| Failure::new(format!("{}:{line}: {message}", path.display())))
    }

    /// The parser's own rendering quotes the line, which may hold a secret key: only its message goes on.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            (line, error.message().to_owned())
        })
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidationTable {
    pub(super) trust: Option<Vec<String>>,
    pub(super) minimum_validity: Option<MinimumTable>,
    pub(super) max_chain: Option<usize>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, RuleLevelWord>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MinimumTable {
    pub(super) absolute: String,
    pub(super) lifetime_fraction: f64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RuleLevelWord {
    Allow,
    Deny,
    Warn,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsTable {
    pub(super) quota: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) max_body: Option<String>,
    pub(super) max_requests: Option<usize>,
    pub(super) max_connections: Option<usize>,
    pub(super) header_timeout: Option<String>,
    pub(super) body_timeout: Option<String>,
    pub(super) request_timeout: Option<String>,
    pub(super) rate: Option<RateTable>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateTable {
    pub(super) per_second: NonZeroU32,
    pub(super) burst: NonZeroU32,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassTable {
    pub(super) trust: Option<Vec<String>>,
    pub(super) minimum_validity: Option<MinimumTable>,
    #[serde(default)]
    pub(super) rules: BTreeMap<String, RuleLevelWord>,
    pub(super) quota: Option<u64>,
    pub(super) takeover: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialEntry {
    pub(super) access_key: String,
    pub(super) secret_key: Option<Zeroizing<String>>,
    pub(super) secret_key_file: Option<PathBuf>,
    pub(super) owner: Option<String>,
    pub(super) quota: Option<u64>,
    pub(super) class: Option<String>,
    #[serde(default)]
    pub(super) role: Role,
    pub(super) schemes: Option<Vec<SchemeWord>>,
    #[serde(default)]
    pub(super) require_date: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum SchemeWord {
    Qbox,
    Qiniu,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    Operator,
    #[default]
    Tenant,
}
