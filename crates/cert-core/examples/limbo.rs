//! Answers the cases of an x509-limbo file: `cargo run --release -p cert-core --example limbo -- limbo.json`.
//!
//! Prints the suite's result format. Cases of TLS clients are skipped: this crate judges servers' certificates.
//! The policy is the default one, but for two things that are no part of path validation: no validity needs to be
//! left, and a case's own limit on the path's depth is taken over.

use std::{env, fs, process::ExitCode, sync::Arc};

use cert_core::{
    AnchorOrigin, Certificate, Chain, DnsName, Language, MinimumValidity, Timestamp, TrustAnchors,
    ValidationPolicy,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Limbo {
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    validation_kind: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<jiff::Timestamp>,
    expected_peer_name: Option<PeerName>,
    max_chain_depth: Option<usize>,
}

#[derive(Deserialize)]
struct PeerName {
    kind: String,
    value: String,
}

#[derive(Serialize)]
struct Results {
    version: u8,
    harness: String,
    results: Vec<CaseResult>,
}

#[derive(Serialize)]
struct CaseResult {
    id: String,
    actual_result: &'static str,
    context: Option<String>,
}

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: limbo LIMBO.json");
        return ExitCode::from(2);
    };
    match fs::read(&path).map_err(|error| error.to_string()).and_then(|json| run(&json)) {
        Ok(results) => {
            println!("{results}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(json: &[u8]) -> Result<String, String> {
    let limbo: Limbo = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let results = limbo.testcases.iter().map(answer).collect();
    let harness = format!("cert-core {}", env!("CARGO_PKG_VERSION"));
    serde_json::to_string_pretty(&Results { version: 1, harness, results }).map_err(|error| error.to_string())
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
