//! Domains and what is bound to them.

use cert_core::DnsName;
use cert_store::{BindOptions, Binding, CertId, Slot, Target, TargetKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::fields::{self, Fields};
use crate::failure::Failure;

/// What a CDN domain is bound to, and how it is to be served. Keys match without regard to case.
#[derive(ToSchema)]
pub(crate) struct BindDomain {
    /// The certificate; `certid` and `certID` are accepted as well.
    #[schema(rename = "certId", value_type = String)]
    pub(crate) certificate: CertId,
    /// Redirect plain HTTP. Left as it is where it is absent.
    #[schema(rename = "forceHttps")]
    pub(crate) force_https: Option<bool>,
    /// Offer HTTP/2. Left as it is where it is absent.
    #[schema(rename = "http2Enable")]
    pub(crate) http2: Option<bool>,
    /// Ours: `primary` (the default) or `alternate`, for a second certificate with another type of key.
    #[schema(value_type = Option<String>)]
    pub(crate) slot: Option<Slot>,
}

impl BindDomain {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields = Fields::parse(body)?;
        Ok(Self {
            certificate: fields.certificate("certId")?,
            force_https: fields.flag("forceHttps")?,
            http2: fields.flag("http2Enable")?,
            slot: fields.slot()?,
        })
    }

    /// The options that are meant where these stand.
    pub(crate) fn options(&self, standing: BindOptions) -> BindOptions {
        BindOptions {
            force_https: self.force_https.unwrap_or(standing.force_https),
            http2: self.http2.unwrap_or(standing.http2),
        }
    }
}

/// What a storage domain is bound to.
#[derive(ToSchema)]
pub(crate) struct BindStorage {
    /// The certificate.
    #[schema(rename = "certid", value_type = String)]
    pub(crate) certificate: CertId,
    /// The domain.
    #[schema(value_type = String)]
    pub(crate) domain: DnsName,
}

impl BindStorage {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields = Fields::parse(body)?;
        Ok(Self { certificate: fields.certificate("certid")?, domain: fields.domain("domain")? })
    }
}

/// What is freed.
#[derive(ToSchema)]
pub(crate) struct Freeing {
    /// Ours: `primary` or `alternate`; both where it is absent.
    #[schema(value_type = Option<String>)]
    pub(crate) slot: Option<Slot>,
}

impl Freeing {
    /// Clients send no body, or an empty object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let slot = if body.is_empty() { None } else { Fields::parse(body)?.slot()? };
        Ok(Self { slot })
    }
}

/// The domain in a path.
pub(crate) fn parse_domain(text: &str) -> Result<DnsName, Failure> {
    fields::domain("domain", text)
}

/// The storage domain that is freed.
#[derive(ToSchema)]
pub(crate) struct UnbindStorage {
    /// The domain.
    #[schema(value_type = String)]
    pub(crate) domain: DnsName,
}

impl UnbindStorage {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        Ok(Self { domain: Fields::parse(body)?.domain("domain")? })
    }
}

/// The certificate that served before.
#[derive(Serialize, ToSchema)]
pub(crate) struct Previous {
    previous: Option<String>,
}

impl Previous {
    pub(crate) fn new(id: Option<CertId>) -> Self {
        Self { previous: id.map(|id| id.to_string()) }
    }
}

/// A CDN domain.
#[derive(Serialize, ToSchema)]
pub(crate) struct Domain {
    name: String,
    /// `https`; `http` is what a domain has that nothing is bound to.
    protocol: &'static str,
    https: Https,
    /// Ours: what the alternate slot has; absent where it is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    alternate: Option<Https>,
}

impl Domain {
    /// Whichever of the slots is taken is shown first; `None` where none is.
    pub(crate) fn new(primary: Option<&Binding>, alternate: Option<&Binding>) -> Option<Self> {
        let shown = primary.or(alternate)?;
        Some(Self {
            name: shown.target.domain.to_string(),
            protocol: "https",
            https: Https::from(shown),
            alternate: alternate.map(Https::from),
        })
    }
}

/// How a domain is served.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Https {
    cert_id: String,
    force_https: bool,
    http2_enable: bool,
}

impl From<&Binding> for Https {
    fn from(bound: &Binding) -> Self {
        let BindOptions { force_https, http2 } = bound.options;
        Self { cert_id: bound.id.to_string(), force_https, http2_enable: http2 }
    }
}

/// The storage domains of an owner.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageBindings {
    bindings: Vec<StorageBinding>,
}

/// A storage domain.
#[derive(Serialize, ToSchema)]
struct StorageBinding {
    domain: String,
    certid: String,
}

impl FromIterator<Binding> for StorageBindings {
    fn from_iter<I: IntoIterator<Item = Binding>>(bindings: I) -> Self {
        let entry = |bound: Binding| StorageBinding {
            domain: bound.target.domain.to_string(),
            certid: bound.id.to_string(),
        };
        Self { bindings: bindings.into_iter().map(entry).collect() }
    }
}

/// The domains that a certificate serves.
#[derive(Serialize, ToSchema)]
pub(crate) struct DomainBindings {
    bindings: Vec<DomainBinding>,
}

/// A domain that a certificate serves.
#[derive(Serialize, ToSchema)]
struct DomainBinding {
    domain: String,
    /// `cdn` or `storage`.
    kind: &'static str,
    /// `primary` or `alternate`.
    slot: &'static str,
}

impl From<&Target> for DomainBinding {
    fn from(target: &Target) -> Self {
        Self {
            domain: target.domain.to_string(),
            kind: match target.kind {
                TargetKind::Cdn => "cdn",
                TargetKind::Storage => "storage",
            },
            slot: match target.slot {
                Slot::Alternate => "alternate",
                Slot::Primary => "primary",
            },
        }
    }
}

impl DomainBindings {
    pub(crate) fn new(bindings: &[Binding]) -> Self {
        Self { bindings: bindings.iter().map(|bound| DomainBinding::from(&bound.target)).collect() }
    }
}
