//! `examples/renewal-hook.sh`, as an ACME client runs it after a renewal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use cert_core::testing::{Issued, TestLeaf};
use serde_json::json;
use server::{ALICE, Site, now};

fn hook(lineage: &Path, url: &str) -> Output {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/renewal-hook.sh"))
        .env("RENEWED_LINEAGE", lineage)
        .env("CERTKEEP", env!("CARGO_BIN_EXE_certkeep"))
        .env("CERTKEEP_HOOK_ENV", "/nonexistent")
        .env("CERTKEEP_URL", url)
        .env("CERTKEEP_ACCESS_KEY", ALICE.access_key)
        .env("CERTKEEP_SECRET_KEY", ALICE.secret_key)
        .envs([("ATTEMPTS", "2"), ("PAUSE", "0")])
        .output()
        .unwrap()
}

#[test]
fn a_renewal_takes_over_the_domains_of_what_it_renews() {
    let site = Site::new(10);
    let server = site.start();
    let lineage = site.folder().join("www.example.com");
    fs::create_dir(&lineage).unwrap();
    let renew = |days: i64| {
        let leaf = TestLeaf::new(&["www.example.com"]).valid(now() - 86_400, now() + days * 86_400);
        let issued: Issued = site.authority.issue(&leaf);
        fs::write(lineage.join("fullchain.pem"), issued.chain_pem()).unwrap();
        fs::write(lineage.join("privkey.pem"), issued.key_pem()).unwrap();
        hook(&lineage, &server.url)
    };
    assert!(renew(30).status.success());
    let first = server.list(ALICE)[0].clone();
    assert_eq!(
        (&first["name"], &first["labels"]),
        (&json!("www.example.com"), &json!({ "from": "renewal" }))
    );
    let bind = json!({ "certId": first["certid"] }).to_string();
    let domain = "/domain/www.example.com";
    server.call(ALICE, "PUT", &format!("{domain}/httpsconf"), bind.as_bytes()).unwrap();

    let renewed = renew(60);
    let said = String::from_utf8_lossy(&renewed.stdout).into_owned();
    assert!(renewed.status.success() && said.contains("serves www.example.com in the place of"), "{said}");
    let serving = server.call(ALICE, "GET", domain, b"").unwrap().json["https"]["certId"].clone();
    assert_ne!(serving, first["certid"]);
    assert_eq!(server.list(ALICE)[0]["superseded_by"], serving);

    fs::write(lineage.join("privkey.pem"), site.issue("www.example.com").key_pem()).unwrap();
    assert_eq!(hook(&lineage, &server.url).status.code(), Some(1), "a refusal is not asked again");
    assert_eq!(hook(&lineage, "http://127.0.0.1:1").status.code(), Some(2), "nobody is there, twice");
    let nowhere = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/renewal-hook.sh"))
        .env("CERTKEEP_HOOK_ENV", "/nonexistent")
        .env_remove("RENEWED_LINEAGE")
        .output()
        .unwrap();
    assert!(!nowhere.status.success());
}
