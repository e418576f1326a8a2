//! schemathesis makes up requests from the server's own `/openapi.json`: none may end in a failure of the server, or in
//! an answer that the document does not have.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{path::Path, process::Command};

use server::{ALICE, ROOT, Site, Tenant};

/// The variable by which `cargo xtask test` says where schemathesis is installed.
const SCHEMATHESIS: &str = "CERTKEEP_TEST_SCHEMATHESIS";

/// The check that is left out: a request that fits the schema may well be refused, for what it holds, and the API that is
/// spoken here answers 400 even for a certificate that does not exist.
const NOT_CHECKED: &str = "positive_data_acceptance";

#[test]
fn a_tenant_meets_no_answer_that_is_not_documented() {
    run_as(ALICE, "25");
}

#[test]
fn an_operator_meets_none_either() {
    run_as(ROOT, "15");
}

fn run_as(caller: Tenant, examples: &str) {
    let Some(program) = std::env::var_os(SCHEMATHESIS) else {
        eprintln!("skipped: {SCHEMATHESIS} is not set; `cargo xtask test` installs it and sets it");
        return;
    };
    let site = Site::with("memory:", 100, "");
    let server = site.start();
    let ids: Vec<_> = ["www.example.com", "*.example.com"]
        .map(|name| server.upload(ALICE, name, &site.issue(name)).unwrap().json["certID"].clone())
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(program)
        .args(["run", &format!("{}/openapi.json", server.url), "--exclude-checks", NOT_CHECKED])
        .args([
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "--max-examples",
            examples,
            "--seed",
            "12",
            "--no-color",
        ])
        .args([
            "--workers",
            "2",
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--generation-database",
            "none",
        ])
        .current_dir(site.folder())
        .env("PYTHONPATH", hooks)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("CALLER", format!("{}:{}", caller.access_key, caller.secret_key))
        .env("IDS", ids.join(","))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    println!("{printed}");
    assert_eq!(server.call(ALICE, "GET", "/sslcert", b"").unwrap().status, 200);
}
