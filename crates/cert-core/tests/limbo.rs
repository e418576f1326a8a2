//! The x509-limbo suite, where its file is there: `LIMBO_JSON` points to it, else `../shared/limbo/limbo-dev.json` beside
//! the repository.

#[path = "../examples/limbo/judge.rs"]
mod judge;

use std::{env, fs, path::PathBuf};

use judge::{CaseResult, Limbo, Results};

/// Cases that are answered otherwise, each with its reason in `docs/conformance.md`.
const ANSWERED_OTHERWISE: [&str; 5] = [
    "crl::crlnumber-missing",
    "crl::revoked-certificate-with-crl",
    "pathlen::validation-ignores-pathlen-in-leaf",
    "webpki::cn::punycode-not-in-san",
    "webpki::eku::ee-without-eku",
];

#[test]
fn every_case_but_the_documented_ones_agrees() {
    let named = env::var_os("LIMBO_JSON").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/limbo/limbo-dev.json");
    let path = named.unwrap_or(beside);
    let Ok(json) = fs::read(&path) else {
        eprintln!("skipped: there is no {}; set LIMBO_JSON to an x509-limbo file", path.display());
        return;
    };
    let limbo: Limbo = serde_json::from_slice(&json).unwrap();
    let results = Results::of(&limbo);
    let answers =
        limbo.testcases.iter().zip(&results.results).filter(|(_, result)| result.actual_result != "SKIPPED");
    let otherwise: Vec<&CaseResult> = answers
        .filter(|(case, result)| case.expected_result != result.actual_result)
        .map(|(_, result)| result)
        .collect();
    let undocumented: Vec<_> = otherwise
        .iter()
        .filter(|result| !ANSWERED_OTHERWISE.contains(&result.id.as_str()))
        .map(|result| format!("{}: {} {:?}", result.id, result.actual_result, result.context))
        .collect();
    assert!(undocumented.is_empty(), "{undocumented:#?}");
}
