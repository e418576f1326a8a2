//! Encrypted keys and PKCS #12 files over the API.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{fs, path::Path};

use axum::http::StatusCode;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use site::Site;

/// A file of the core's tests; the recipe beside it says how it was made.
fn frozen(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cert-core/tests/data/encrypted");
    fs::read(folder.join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(frozen(name)).unwrap()
}

async fn site() -> Site {
    Site::of_frozen(&frozen("root.pem")).await
}

#[tokio::test]
async fn an_encrypted_key_comes_back_plain_as_pkcs8() {
    let site = site().await;
    for (chain, key, plain) in
        [("ec.pem", "ec_pbes2_aes256.key.pem", "ec.key.pem"), ("rsa.pem", "rsa_des3.key.pem", "rsa.key.pem")]
    {
        let body = json!({ "name": key, "ca": text(chain), "pri": text(key), "passphrase": "secret" });
        let created = site.post("/sslcert", &body).await;
        assert_eq!(created.status, StatusCode::OK, "{}", created.text);
        let read = site.get(&format!("/sslcert/{}", created.json["certID"].as_str().unwrap())).await;
        assert_eq!(read.json["pri"], text(plain), "{key}");
        assert!(!read.text.contains("secret"));
    }
}

#[tokio::test]
async fn passphrases_that_are_missing_wrong_or_needless() {
    let site = site().await;
    let body = |passphrase: serde_json::Value| json!({ "ca": text("ec.pem"), "pri": text("ec_aes256.key.pem"), "passphrase": passphrase });
    for missing in [json!(null), json!("")] {
        let refused = site.post("/sslcert", &body(missing)).await;
        refused.is_refused(404, 404_906, "key_encrypted");
        assert_eq!(refused.json["findings"][0]["location"], json!({ "field": "pri", "line": 1 }));
    }
    let refused = site.post("/sslcert", &body(json!("SECRET"))).await;
    refused.is_refused(404, 404_906, "wrong_passphrase");
    assert!(!refused.text.contains("SECRET"));
    let costly = json!({ "ca": text("ec.pem"), "pri": text("ec_pbes2_iterations_above_cap.key.pem"), "passphrase": "secret" });
    site.post("/sslcert", &costly).await.is_refused(404, 404_906, "kdf_too_costly");
    let needless = json!({ "ca": text("ec.pem"), "pri": text("ec.key.pem"), "passphrase": "needless" });
    assert_eq!(site.post("/sslcert", &needless).await.status, StatusCode::OK);
    site.post("/sslcert", &body(json!(["SECRET"]))).await.is_refused(400, 400, "invalid_json");
}

#[tokio::test]
async fn a_pkcs12_file_takes_the_place_of_chain_and_key() {
    let site = site().await;
    let modern = BASE64_STANDARD.encode(frozen("modern.p12"));
    let body = json!({ "name": "pfx", "pfx": modern, "passphrase": "secret", "ca": "", "pri": null });
    let created = site.post("/sslcert", &body).await;
    assert_eq!(created.status, StatusCode::OK, "{}", created.text);
    assert_eq!(created.json["warnings"][0]["rule"], "root_included");
    let read = site.get(&format!("/sslcert/{}", created.json["certID"].as_str().unwrap())).await;
    assert_eq!((&read.json["ca"], &read.json["pri"]), (&json!(text("ec.pem")), &json!(text("ec.key.pem"))));

    // The same chain and key in another wrapping are the same upload.
    let body = json!({ "name": "pfx", "pfx": text("modern.p12.base64"), "passphrase": "secret" });
    assert_eq!(site.post("/sslcert", &body).await.json["certID"], created.json["certID"]);
    let report = site.post("/sslcert/inspect", &body).await;
    assert_eq!((&report.json["accepted"], &report.json["chain"]), (&json!(true), &json!(text("ec.pem"))));
}

#[tokio::test]
async fn pkcs12_files_that_are_refused() {
    let site = site().await;
    let modern = BASE64_STANDARD.encode(frozen("modern.p12"));
    for (pfx, passphrase, rule) in [
        (modern.as_str(), "SECRET", "wrong_passphrase"),
        (modern.as_str(), "", "key_encrypted"),
        (&modern[..400], "secret", "pkcs12_malformed"),
        ("MII*", "secret", "bad_character"),
        ("hello", "secret", "pkcs12_malformed"),
        (&BASE64_STANDARD.encode(frozen("iterations_above_cap.p12")), "secret", "kdf_too_costly"),
    ] {
        let body = json!({ "pfx": pfx, "passphrase": passphrase });
        let refused = site.post("/sslcert", &body).await;
        refused.is_refused(404, 404_906, rule);
        assert_eq!(refused.json["findings"][0]["location"]["field"], "pfx");
        let report = site.post("/sslcert/inspect", &body).await;
        assert_eq!(
            (&report.json["verdict"], &report.json["findings"][0]["rule"]),
            (&json!(404_906), &json!(rule))
        );
    }
    for beside in ["ca", "pri"] {
        let body = json!({ "pfx": modern, "passphrase": "secret", beside: text("ec.pem") });
        site.post("/sslcert", &body).await.is_refused(400, 400, "fields_conflict");
    }
}
