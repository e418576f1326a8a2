//! What a server tells those who watch it: metrics, and log lines as JSON, in which nothing is secret.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{ALICE, Server, Site};

/// Name and labels, with their value.
fn metrics(server: &Server) -> BTreeMap<String, f64> {
    let text =
        ureq::get(format!("{}/metrics", server.url)).call().unwrap().body_mut().read_to_string().unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn metrics_show_requests_verdicts_store_and_certificates() {
    let site = Site::new(10);
    let server = site.start();
    let issued = site.issue("www.example.com");
    let id = server.upload(ALICE, "www", &issued).unwrap().json["certID"].as_str().unwrap().to_owned();
    let bind = json!({ "certId": id }).to_string();
    server.call(ALICE, "PUT", "/domain/www.example.com/httpsconf", bind.as_bytes()).unwrap();
    server.call(ALICE, "GET", &format!("/sslcert/{id}"), b"").unwrap();
    server.call(ALICE, "DELETE", &format!("/sslcert/{id}"), b"").unwrap();
    server.call(ALICE, "GET", "/no/such", b"").unwrap();
    let mismatch = json!({ "ca": issued.chain_pem(), "pri": site.issue("b.example.com").key_pem() });
    server.call(ALICE, "POST", "/sslcert", mismatch.to_string().as_bytes()).unwrap();

    let end = Instant::now() + Duration::from_secs(60);
    let shown = loop {
        let shown = metrics(&server);
        if shown.get("certkeep_bindings") == Some(&1.0) && shown.get("certkeep_names") == Some(&1.0) {
            break shown;
        }
        assert!(Instant::now() < end, "{shown:?}");
        thread::sleep(Duration::from_millis(200));
    };
    for (name, value) in [
        (r#"certkeep_http_requests_total{method="POST",route="/sslcert",code="200"}"#, 1.0),
        (r#"certkeep_http_requests_total{method="POST",route="/sslcert",code="404906"}"#, 1.0),
        (r#"certkeep_http_requests_total{method="GET",route="/sslcert/{id}",code="200"}"#, 1.0),
        (r#"certkeep_http_requests_total{method="DELETE",route="/sslcert/{id}",code="400611"}"#, 1.0),
        (r#"certkeep_http_requests_total{method="GET",route="none",code="404"}"#, 1.0),
        (r#"certkeep_upload_verdicts_total{rule="accepted"}"#, 1.0),
        (r#"certkeep_upload_verdicts_total{rule="key_mismatch"}"#, 1.0),
        (r#"certkeep_store_seconds_count{operation="insert"}"#, 1.0),
        ("certkeep_certificates", 1.0),
        ("certkeep_store_up", 1.0),
        ("certkeep_feed_connected", 1.0),
    ] {
        assert_eq!(shown.get(name), Some(&value), "{name}: {shown:#?}");
    }
    let end_of_first = shown["certkeep_soonest_expiry_timestamp_seconds"];
    let not_after = server.list(ALICE)[0]["not_after"].as_f64().unwrap();
    assert!((end_of_first - not_after).abs() < 0.5);
    assert!(shown["certkeep_feed_lag_seconds"] < 30.0);
    assert!(shown.contains_key("certkeep_signature_cache_hits_total"));
    assert!(!shown.keys().any(|name| name.contains(&id)), "no label comes from a client");
}

#[test]
fn log_lines_are_json_with_the_request_and_without_secrets() {
    let site = Site::with("memory:", 10, "log = \"json\"");
    let path = site.folder().join("log");
    let server = site.start_logging(File::create(&path).unwrap());
    let issued = site.issue("www.example.com");
    let answer = server.upload(ALICE, "www", &issued).unwrap();
    let id = answer.json["certID"].as_str().unwrap();
    server.call(ALICE, "GET", &format!("/sslcert/{id}"), b"").unwrap();
    let garbled = json!({ "ca": issued.chain_pem(), "pri": issued.key_pem().replace("PRIVATE", "PUBLIC") });
    server.call(ALICE, "POST", "/sslcert", garbled.to_string().as_bytes()).unwrap();
    assert_eq!(server.terminate(), Some(0));

    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 3, "{text}");
    let upload = answered[0];
    assert_eq!((&upload["path"], &upload["code"]), (&json!("/sslcert"), &json!(200)));
    let audit: Vec<_> = lines.iter().filter(|line| line["target"] == "audit").collect();
    assert_eq!(audit[0]["action"], "uploaded");
    assert_eq!(audit[0]["principal"], ALICE.access_key);
    assert_eq!(audit[0]["span"]["id"], upload["request"], "an audit line says which request it belongs to");
    let body = issued.key_pem().lines().nth(1).unwrap().to_owned();
    for secret in [ALICE.secret_key, "PRIVATE KEY", body.as_str(), "QBox"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
