//! The JSON of the API. The provider's words for things occur here and nowhere else.

use std::{collections::BTreeMap, fmt};

use cert_core::{Field, Finding, Language, Level, Passphrase, Report};
use cert_service::{Page, Upload, Uploaded, chain_pem};
use cert_store::{CertRecord, CertSummary};
use serde::{
    Deserialize, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// A body with its fields and `"code":200`, which two clients demand.
#[derive(Serialize)]
pub(crate) struct Success<T> {
    code: u16,
    #[serde(flatten)]
    body: T,
}

impl<T> Success<T> {
    pub(crate) const fn new(body: T) -> Self {
        Self { code: 200, body }
    }
}

/// No fields.
#[derive(Serialize)]
pub(crate) struct Nothing {}

/// `POST /sslcert`: what comes in. Keys match without regard to case; the last of two alike counts.
#[derive(Default)]
pub(crate) struct UploadRequest {
    name: String,
    common_name: String,
    pri: Zeroizing<String>,
    ca: String,
    pfx: Zeroizing<String>,
    passphrase: Zeroizing<String>,
    labels: BTreeMap<String, String>,
    takeover: bool,
}

impl UploadRequest {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        // The parser names a position and the kinds of values, but never quotes a key: see the tests.
        serde_json::from_slice(body).map_err(|error| Failure::InvalidJson { detail: describe(&error) })
    }

    pub(crate) fn into_upload(self) -> Result<Upload, Failure> {
        if self.takeover {
            return Err(Failure::Unsupported { field: "takeover" });
        }
        let upload = match self.pfx.is_empty() {
            true => Upload::pem(self.ca, self.pri.as_bytes()),
            false if self.ca.is_empty() && self.pri.is_empty() => Upload::pkcs12(self.pfx.as_bytes()),
            false => return Err(Failure::FieldsConflict { field: "pfx", instead_of: ["ca", "pri"] }),
        };
        // An empty field is what a form sends where nothing was filled in.
        let upload = match self.passphrase.is_empty() {
            true => upload,
            false => upload.passphrase(Passphrase::new(self.passphrase.as_bytes())),
        };
        let upload = upload.name(self.name).common_name(self.common_name);
        Ok(self.labels.into_iter().fold(upload, |upload, (key, value)| upload.label(key, value)))
    }
}

/// The parser's category and position; its message may quote a value, and the value may be a key.
fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;

    let what = match error.classify() {
        Category::Data => "a field has a value of the wrong kind",
        Category::Eof => "it ends too early",
        Category::Io | Category::Syntax => "the syntax is wrong",
    };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

impl<'de> Deserialize<'de> for UploadRequest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UploadVisitor)
    }
}

struct UploadVisitor;

impl<'de> Visitor<'de> for UploadVisitor {
    type Value = UploadRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UploadRequest, A::Error> {
        let mut request = UploadRequest::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.to_ascii_lowercase().as_str() {
                "name" => request.name = text(&mut map)?,
                "common_name" | "commonname" => request.common_name = text(&mut map)?,
                "pri" => request.pri = secret(&mut map)?,
                "pfx" => request.pfx = secret(&mut map)?,
                "passphrase" => request.passphrase = secret(&mut map)?,
                "ca" => request.ca = text(&mut map)?,
                "labels" => request.labels = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "takeover" => request.takeover = map.next_value::<Option<_>>()?.unwrap_or_default(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(request)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    map.next_value::<Option<String>>()
        .map(Option::unwrap_or_default)
        .map_err(|_| A::Error::custom("a text is expected"))
}

fn secret<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Zeroizing<String>, A::Error> {
    map.next_value::<Option<Zeroizing<String>>>().map(Option::unwrap_or_default)
}

/// `POST /sslcert`: what goes out.
#[derive(Serialize)]
pub(crate) struct Created {
    #[serde(rename = "certID")]
    cert_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl Created {
    pub(crate) fn new(uploaded: &Uploaded, language: Language) -> Self {
        let warnings = uploaded.warnings().iter().filter(|finding| finding.level() == Level::Warning);
        Self {
            cert_id: uploaded.id().to_string(),
            warnings: warnings.map(|finding| Warning::new(finding, language)).collect(),
        }
    }
}

#[derive(Serialize)]
struct Warning {
    rule: &'static str,
    message: String,
}

impl Warning {
    /// A common client takes any answer with the word `error` for a failure, and a name in the certificate may
    /// contain it: the text then stays away.
    fn new(finding: &Finding, language: Language) -> Self {
        let rule = finding.rule().as_str();
        let message = finding.message(language);
        Self { rule, message: if message.contains("error") { rule.to_owned() } else { message } }
    }
}

/// `GET /sslcert`.
#[derive(Serialize)]
pub(crate) struct List<'a> {
    marker: &'a str,
    certs: Vec<Item<'a>>,
}

impl<'a> List<'a> {
    pub(crate) fn new(page: &'a Page) -> Self {
        Self {
            marker: page.marker().unwrap_or_default(),
            certs: page.certs().iter().map(Item::from).collect(),
        }
    }
}

/// A certificate without chain and key.
#[derive(Clone, Serialize)]
struct Item<'a> {
    certid: String,
    name: &'a str,
    common_name: &'a str,
    dnsnames: &'a [String],
    not_before: i64,
    not_after: i64,
    create_time: i64,
    encrypt: &'static str,
    enable: bool,
    product_type: &'static str,
    cert_type: &'static str,
    generation: u64,
    labels: BTreeMap<&'a str, &'a str>,
    superseded_by: Option<String>,
}

macro_rules! item_from {
    ($record:ty) => {
        impl<'a> From<&'a $record> for Item<'a> {
            fn from(cert: &'a $record) -> Self {
                Self {
                    certid: cert.id.to_string(),
                    name: &cert.name,
                    common_name: &cert.common_name,
                    dnsnames: &cert.leaf.dns_names,
                    not_before: cert.leaf.not_before.as_unix(),
                    not_after: cert.leaf.not_after.as_unix(),
                    create_time: cert.created.as_unix(),
                    encrypt: cert.leaf.key_type.algorithm(),
                    enable: true,
                    product_type: "",
                    cert_type: "",
                    generation: cert.generation.0,
                    labels: cert.labels.iter().collect(),
                    superseded_by: cert.superseded_by.map(|id| id.to_string()),
                }
            }
        }
    };
}

// A record has the fields of a summary, and more.
item_from!(CertRecord);
item_from!(CertSummary);

/// `GET /sslcert/<id>`: the record, and the same once more under `cert`, where newer clients look for it.
#[derive(Serialize)]
pub(crate) struct Detail<'a> {
    #[serde(flatten)]
    flat: Full<'a>,
    cert: Full<'a>,
}

#[derive(Clone, Serialize)]
struct Full<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    pri: &'a str,
    ca: String,
}

impl<'a> Detail<'a> {
    pub(crate) fn new(record: &'a CertRecord, pri: &'a str) -> Self {
        let full = Full { item: Item::from(record), pri, ca: chain_pem(&record.chain) };
        Self { flat: full.clone(), cert: full }
    }
}

/// `POST /sslcert/inspect`, ours.
#[derive(Serialize)]
pub(crate) struct Inspected<'a> {
    accepted: bool,
    verdict: u32,
    findings: Vec<WireFinding>,
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
#[derive(Serialize)]
pub(crate) struct Refusal {
    code: u32,
    error: String,
    rule: &'static str,
    findings: Vec<WireFinding>,
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
        }
    }
}

#[derive(Serialize)]
struct WireFinding {
    rule: &'static str,
    code: Option<u32>,
    level: &'static str,
    location: WireLocation,
    message: String,
    fix: Option<String>,
}

#[derive(Serialize)]
struct WireLocation {
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
