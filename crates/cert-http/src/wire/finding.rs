//! What was found in an upload, and refusals.

use cert_core::{Field, Finding, Language, Level, Report};
use serde::Serialize;
use utoipa::ToSchema;

use crate::failure::Failure;

/// What would become of an upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct Inspected<'a> {
    accepted: bool,
    /// 200, or the code with which it would be refused.
    verdict: u32,
    findings: Vec<WireFinding>,
    /// The chain as it would be served.
    chain: Option<&'a str>,
}

impl<'a> Inspected<'a> {
    pub(crate) fn new(report: &'a Report, language: Language) -> Self {
        Self {
            accepted: report.accepted(),
            verdict: report.verdict().map_or(200, cert_core::ErrorCode::as_u32),
            findings: WireFinding::list(report.findings(), language),
            chain: report.corrected_chain(),
        }
    }
}

/// What every refusal looks like.
#[derive(Serialize, ToSchema)]
pub(crate) struct Refusal {
    /// A number of the API, or the HTTP status where it has none.
    code: u32,
    /// What is wrong and what to do, in the language of `Accept-Language`.
    error: String,
    /// A name that stays, for programs.
    rule: &'static str,
    /// Everything that was found in an upload that was judged, errors first.
    findings: Vec<WireFinding>,
    /// The domains that stand in the way; absent where none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    domains: Vec<String>,
}

impl Refusal {
    pub(crate) fn new(failure: &Failure, language: Language) -> Self {
        use cert_core::Explain as _;

        let fix = failure.fix(language).map(|fix| format!(" {fix}")).unwrap_or_default();
        Self {
            code: failure.code(),
            error: failure.message(language) + &fix,
            rule: failure.rule(),
            findings: WireFinding::list(failure.findings(), language),
            domains: failure.domains().iter().map(ToString::to_string).collect(),
        }
    }
}

/// Something that was found in an upload.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
struct WireFinding {
    rule: &'static str,
    code: Option<u32>,
    /// `error`, `warning` or `info`.
    level: &'static str,
    location: WireLocation,
    message: String,
    fix: Option<String>,
}

/// Where it was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Location)]
struct WireLocation {
    /// `ca`, `pri` or `pfx`.
    field: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

impl WireFinding {
    fn list(findings: &[Finding], language: Language) -> Vec<Self> {
        findings.iter().map(|finding| Self::new(finding, language)).collect()
    }

    fn new(finding: &Finding, language: Language) -> Self {
        let location = finding.location();
        Self {
            rule: finding.rule().as_str(),
            code: finding.code().map(cert_core::ErrorCode::as_u32),
            level: match finding.level() {
                Level::Error => "error",
                Level::Info => "info",
                Level::Warning => "warning",
            },
            location: WireLocation {
                field: match location.field() {
                    Field::Chain => "ca",
                    Field::Key => "pri",
                    Field::Pkcs12 => "pfx",
                },
                certificate: location.certificate().map(cert_core::CertificateRef::position),
                line: location.line(),
            },
            message: finding.message(language),
            fix: finding.fix(language),
        }
    }
}
