//! How the cases of x509-limbo are put to this crate.

use std::sync::Arc;

use cert_core::{
    AnchorOrigin, Certificate, Chain, DnsName, Language, MinimumValidity, Timestamp, TrustAnchors,
    ValidationPolicy,
};
use serde::{Deserialize, Serialize};

/// A file of the suite.
#[derive(Deserialize)]
pub(crate) struct Limbo {
    pub(crate) testcases: Vec<Case>,
}

/// A case: a chain, what is trusted, and what the suite expects.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    validation_kind: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<jiff::Timestamp>,
    expected_peer_name: Option<PeerName>,
    max_chain_depth: Option<usize>,
    #[allow(dead_code, reason = "only the test compares")]
    pub(crate) expected_result: String,
}

#[derive(Deserialize)]
struct PeerName {
    kind: String,
    value: String,
}

/// The suite's result format.
#[derive(Serialize)]
pub(crate) struct Results {
    version: u8,
    harness: String,
    pub(crate) results: Vec<CaseResult>,
}

/// The answer to one case.
#[derive(Serialize)]
pub(crate) struct CaseResult {
    pub(crate) id: String,
    pub(crate) actual_result: &'static str,
    pub(crate) context: Option<String>,
}

impl Results {
    /// Answers every case.
    pub(crate) fn of(limbo: &Limbo) -> Self {
        let results = limbo.testcases.iter().map(answer).collect();
        Self { version: 1, harness: format!("cert-core {}", env!("CARGO_PKG_VERSION")), results }
    }
}

fn answer(case: &Case) -> CaseResult {
    let (actual_result, context) = if case.validation_kind != "SERVER" {
        ("SKIPPED", Some("only servers' certificates are judged".to_owned()))
    } else {
        match judge(case) {
            Ok(()) => ("SUCCESS", None),
            Err(why) => ("FAILURE", Some(why)),
        }
    };
    CaseResult { id: case.id.clone(), actual_result, context }
}

fn judge(case: &Case) -> Result<(), String> {
    let explain =
        |error: cert_core::Error| format!("{}: {}", error.rule(), error.finding().message(Language::En));
    let mut anchors = TrustAnchors::new();
    for certificate in &case.trusted_certs {
        anchors.add_pem(certificate.as_bytes(), AnchorOrigin::Private).map_err(explain)?;
    }
    let mut policy = ValidationPolicy::new(Arc::new(anchors)).minimum_validity(MinimumValidity::NONE);
    if let Some(depth) = case.max_chain_depth {
        policy = policy.max_depth(depth);
    }
    let now = case.validation_time.unwrap_or_else(jiff::Timestamp::now);
    let mut pem = case.peer_certificate.clone();
    for certificate in &case.untrusted_intermediates {
        pem.push('\n');
        pem.push_str(certificate);
    }
    let chain = Chain::decode(pem.as_bytes()).map_err(explain)?;
    let valid = chain.validate(&policy, Timestamp::from_unix(now.as_second())).map_err(explain)?;
    match &case.expected_peer_name {
        Some(name) if !is_named(valid.leaf(), name) => Err(format!("the leaf is not for {}", name.value)),
        _ => Ok(()),
    }
}

fn is_named(leaf: &Certificate, name: &PeerName) -> bool {
    match name.kind.as_str() {
        "DNS" => DnsName::parse(&name.value)
            .is_ok_and(|domain| leaf.cover_names().iter().any(|covering| covering.covers(&domain))),
        "IP" => match name.value.parse() {
            Ok(std::net::IpAddr::V4(address)) => leaf.ip_addresses().contains(&address.octets().to_vec()),
            Ok(std::net::IpAddr::V6(address)) => leaf.ip_addresses().contains(&address.octets().to_vec()),
            Err(_) => false,
        },
        _ => false,
    }
}
