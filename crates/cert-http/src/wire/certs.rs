//! Certificates as they go out.

use std::collections::BTreeMap;

use cert_core::{Finding, Language, Level};
use cert_service::{Page, PlainKey, Replaced, TakenOver, Uploaded, chain_pem_len, push_chain_pem};
use cert_store::{CertRecord, CertSummary, Generation};
use serde::Serialize;
use utoipa::ToSchema;

/// A stored certificate's id.
#[derive(Serialize, ToSchema)]
pub(crate) struct Created {
    /// The certificate's id: 24 hex digits.
    #[serde(rename = "certID")]
    cert_id: String,
    /// What was found and did not refuse it; absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<Warning>,
    /// Ours: the domains that it took over, one entry a binding; absent where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    taken_over: Vec<Taken>,
}

impl Created {
    pub(crate) fn new(uploaded: &Uploaded, language: Language) -> Self {
        let mut warnings = Warning::list(uploaded.warnings(), language);
        if uploaded.keeps_other_labels() {
            warnings.push(Warning::of_kept_labels(language));
        }
        Self {
            cert_id: uploaded.id().to_string(),
            warnings,
            taken_over: uploaded.taken_over().iter().map(Taken::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Warning {
    rule: &'static str,
    message: String,
}

impl Warning {
    fn list(findings: &[Finding], language: Language) -> Vec<Self> {
        let warnings = findings.iter().filter(|finding| finding.level() == Level::Warning);
        warnings.map(|finding| Self::new(finding, language)).collect()
    }

    /// A common client takes any answer with the word `error` for a failure, and a name in the certificate may
    /// contain it: the text then stays away.
    fn new(finding: &Finding, language: Language) -> Self {
        let rule = finding.rule().as_str();
        let message = finding.message(language);
        Self { rule, message: if message.contains("error") { rule.to_owned() } else { message } }
    }

    fn of_kept_labels(language: Language) -> Self {
        let message = match language {
            Language::ZhCn => "该证书已保存，其标签保持不变。",
            _ => "The certificate was stored before, and keeps the labels that it has.",
        };
        Self { rule: "labels_kept", message: message.to_owned() }
    }
}

/// A domain that was taken over.
#[derive(Serialize, ToSchema)]
struct Taken {
    domain: String,
    /// The id of the certificate that served it before.
    from: String,
}

impl From<&TakenOver> for Taken {
    fn from(taken: &TakenOver) -> Self {
        Self { domain: taken.target.domain.to_string(), from: taken.from.to_string() }
    }
}

/// The generation that stands after a replacement or a rollback.
#[derive(Serialize, ToSchema)]
pub(crate) struct Versioned {
    generation: u64,
    /// What was found and did not refuse it; absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<Warning>,
}

impl Versioned {
    pub(crate) fn replaced(replaced: &Replaced, language: Language) -> Self {
        Self { generation: replaced.generation().0, warnings: Warning::list(replaced.warnings(), language) }
    }

    pub(crate) const fn rolled_back(generation: Generation) -> Self {
        Self { generation: generation.0, warnings: Vec::new() }
    }
}

/// A page of certificates.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<'a> {
    /// Where the next page starts; empty after an empty page, which is the end.
    marker: &'a str,
    certs: Vec<Item<'a>>,
}

impl<'a> List<'a> {
    pub(crate) fn new(page: &'a Page) -> Self {
        Self {
            marker: page.marker().unwrap_or_default(),
            certs: page.certs().iter().map(|cert| Item::from(&**cert)).collect(),
        }
    }
}

/// A certificate without chain and key.
#[derive(Serialize, ToSchema)]
struct Item<'a> {
    certid: String,
    name: &'a str,
    common_name: &'a str,
    dnsnames: &'a [String],
    not_before: i64,
    not_after: i64,
    create_time: i64,
    /// `RSA`, `ECDSA` or `Ed25519`.
    encrypt: &'static str,
    enable: bool,
    product_type: &'static str,
    cert_type: &'static str,
    /// Ours: how often its content has changed.
    generation: u64,
    /// Ours.
    labels: BTreeMap<&'a str, &'a str>,
    /// Ours: the certificate that took over its domains.
    superseded_by: Option<String>,
}

impl<'a> From<&'a CertSummary> for Item<'a> {
    fn from(cert: &'a CertSummary) -> Self {
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

/// A certificate, and the same once more under `cert`, where newer clients look for it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Detail<'a> {
    #[serde(flatten)]
    flat: Full<'a>,
    cert: Full<'a>,
}

/// A certificate with chain and key.
#[derive(Serialize, ToSchema)]
struct Full<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    /// The private key in the form that it was sent in; empty where the server gives none out.
    pri: &'a str,
    /// The chain as it is served.
    ca: String,
}

impl Detail<'_> {
    /// The JSON of a success with these fields.
    ///
    /// It is what serializing them gives, byte for byte, without doing it twice: what stands under `cert` is copied. It
    /// does not move while it is written, so that no copy of the key is left behind.
    pub(crate) fn json(record: &CertRecord, key: Option<&PlainKey>) -> Result<Vec<u8>, serde_json::Error> {
        let item = serde_json::to_vec(&Item::from(&*record.summary))?;
        let pem = chain_pem_len(&record.chain, LINE_END) + key.map_or(0, |key| key.pem_len(LINE_END));
        let mut json = Vec::with_capacity(HEAD.len() + 2 * (item.len() + pem) + FRAME);
        json.extend_from_slice(HEAD);
        let start = json.len();
        // The fields without the braces around them.
        json.extend_from_slice(item.get(1..item.len() - 1).unwrap_or_default());
        json.extend_from_slice(b",\"pri\":\"");
        if let Some(key) = key {
            key.push_secret_pem(&mut json, LINE_END);
        }
        json.extend_from_slice(b"\",\"ca\":\"");
        push_chain_pem(&mut json, &record.chain, LINE_END);
        json.push(b'"');
        let end = json.len();
        json.extend_from_slice(b",\"cert\":{");
        json.extend_from_within(start..end);
        json.extend_from_slice(b"}}");
        Ok(json)
    }
}

const HEAD: &[u8] = b"{\"code\":200,";
/// A line end inside a JSON text.
const LINE_END: &str = "\\n";
/// More than the names of the fields take that are not an item's.
const FRAME: usize = 64;

#[cfg(test)]
#[path = "certs_tests.rs"]
mod tests;
