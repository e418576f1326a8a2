//! What only operators ask.

use cert_core::DnsName;
use cert_service::{ExpiringPage, Rewrapped};
use cert_store::{CertId, Expiring, KekId, OwnerId, Target};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Fields;
use crate::failure::Failure;

/// The key-encryption key to leave.
#[derive(ToSchema)]
pub(crate) struct Rewrap {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) from: KekId,
}

impl Rewrap {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        Ok(Self { from: Fields::parse(body)?.kek("from")? })
    }
}

/// The key-encryption key to retire.
#[derive(ToSchema)]
pub(crate) struct Retire {
    /// Its id.
    #[schema(value_type = String)]
    pub(crate) kek: KekId,
}

impl Retire {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        Ok(Self { kek: Fields::parse(body)?.kek("kek")? })
    }
}

/// How far a rewrap has come.
#[derive(Serialize, ToSchema)]
pub(crate) struct RewrapProgress {
    /// Whether nothing was left under the old key. Where it is false, call again: it goes on.
    complete: bool,
    /// Keys that this call has wrapped anew.
    keys: u64,
    /// Records that do not open, since they were altered. They stay.
    damaged: u64,
}

impl RewrapProgress {
    pub(crate) const fn new(done: Rewrapped, complete: bool) -> Self {
        Self { complete, keys: done.keys, damaged: done.damaged }
    }
}

/// A domain that changes its owner.
#[derive(ToSchema)]
pub(crate) struct Move {
    /// The domain.
    #[schema(value_type = String)]
    pub(crate) domain: DnsName,
    /// `cdn` or `storage`.
    #[schema(value_type = String, rename = "kind")]
    is_storage: bool,
    /// Who has it.
    #[schema(value_type = String)]
    pub(crate) from_owner: OwnerId,
    /// The certificate of the new owner.
    #[schema(value_type = String, rename = "certid")]
    pub(crate) certificate: CertId,
}

impl Move {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields = Fields::parse(body)?;
        let is_storage = match fields.text("kind")? {
            "cdn" => false,
            "storage" => true,
            _ => return Err(Failure::InvalidParameter { name: "kind", expected: "cdn or storage" }),
        };
        Ok(Self {
            domain: fields.domain("domain")?,
            is_storage,
            from_owner: fields.owner("from_owner")?,
            certificate: fields.certificate("certid")?,
        })
    }

    pub(crate) fn target(&self) -> Target {
        let domain = self.domain.clone();
        if self.is_storage { Target::storage(domain) } else { Target::cdn(domain) }
    }
}

/// The certificate that served the domain before it moved.
#[derive(Serialize, ToSchema)]
pub(crate) struct Moved {
    previous: String,
}

impl Moved {
    pub(crate) fn new(id: CertId) -> Self {
        Self { previous: id.to_string() }
    }
}

/// Certificates that end soon, soonest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExpiringList<'a> {
    /// Where the next page starts; empty after an empty page, which is the end.
    marker: &'a str,
    certs: Vec<Ending<'a>>,
}

impl<'a> ExpiringList<'a> {
    pub(crate) fn new(page: &'a ExpiringPage) -> Self {
        Self {
            marker: page.marker().unwrap_or_default(),
            certs: page.certs().iter().map(Ending::from).collect(),
        }
    }
}

/// A certificate that ends soon.
#[derive(Serialize, ToSchema)]
struct Ending<'a> {
    certid: String,
    owner: &'a str,
    not_after: i64,
    /// Whether a domain is bound to it.
    bound: bool,
    superseded_by: Option<String>,
}

impl<'a> From<&'a Expiring> for Ending<'a> {
    fn from(entry: &'a Expiring) -> Self {
        Self {
            certid: entry.cert.id.to_string(),
            owner: entry.cert.owner.as_str(),
            not_after: entry.cert.leaf.not_after.as_unix(),
            bound: entry.is_bound,
            superseded_by: entry.cert.superseded_by.map(|id| id.to_string()),
        }
    }
}
