//! The four calls, and what clients need of every answer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::time::Duration;

use axum::{body::Body, http::StatusCode};
use cert_core::testing::{TestCa, TestLeaf};
use cert_http::Options;
use serde_json::{Value, json};
use site::{NOW, Request, Site};

#[tokio::test]
async fn create_read_list_delete() {
    let site = Site::new(Options::default()).await;
    let issued = site.authority.issue(&TestLeaf::new(&["www.example.com", "*.example.com"]));
    let body = json!({ "name": "www", "common_name": "", "ca": issued.chain_pem(), "pri": issued.key_pem() });
    let created = site.post("/sslcert", &body).await;
    assert_eq!((created.status, &created.json["code"]), (StatusCode::OK, &json!(200)));
    let id = created.json["certID"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 24);
    assert!(!created.text.contains("error"), "{}", created.text);

    let read = site.get(&format!("/sslcert/{id}")).await;
    assert_eq!(read.status, StatusCode::OK);
    assert_eq!(read.header("etag"), "\"1\"");
    for record in [&read.json, &read.json["cert"]] {
        assert_eq!(record["name"], "www");
        assert_eq!(record["common_name"], "www.example.com", "the leaf's own, as none was sent");
        assert_eq!(record["dnsnames"], json!(["www.example.com", "*.example.com"]));
        assert_eq!(record["not_after"], (NOW + 60 * 86_400).as_unix());
        assert_eq!(record["create_time"], NOW.as_unix());
        assert_eq!(record["ca"], issued.chain_pem());
        assert_eq!(
            record["pri"].as_str().unwrap().split_whitespace().collect::<String>(),
            compact(&issued.key_pem())
        );
    }
    assert_eq!(read.json["cert"]["certid"], id);
    assert!(!read.text.contains("error"));

    let list = site.get("/sslcert").await;
    let item = &list.json["certs"][0];
    assert_eq!(
        (&item["certid"], &item["encrypt"], &item["enable"]),
        (&json!(id), &json!("ECDSA"), &json!(true))
    );
    assert_eq!((&item["product_type"], &item["cert_type"]), (&json!(""), &json!("")));
    assert!(item.get("pri").is_none() && item.get("ca").is_none());
    assert!(!list.json["marker"].as_str().unwrap().is_empty());
    let end = site.get(&format!("/sslcert?marker={}", list.json["marker"].as_str().unwrap())).await;
    assert_eq!(end.json, json!({ "code": 200, "marker": "", "certs": [] }));

    let deleted = site.delete(&format!("/sslcert/{id}")).await;
    assert_eq!(deleted.json, json!({ "code": 200 }));
    site.get(&format!("/sslcert/{id}")).await.is_refused(400, 400_401, "not_found");
    site.delete(&format!("/sslcert/{id}")).await.is_refused(400, 400_401, "not_found");
    site.get("/sslcert/no-id").await.is_refused(400, 400_401, "not_found");
}

#[tokio::test]
async fn warnings_come_with_success_and_never_say_error() {
    let site = Site::new(Options::default()).await;
    let mut leaf = TestLeaf::new(&["a.example.com"]);
    leaf.common_name = Some("error.example.com".to_owned());
    let issued = site.authority.issue(&leaf);
    let stranger = TestCa::root("Stranger", NOW).pem();
    let body = json!({ "ca": issued.chain_pem() + &stranger, "pri": issued.key_pem() });
    let created = site.post("/sslcert", &body).await;
    assert_eq!(created.status, StatusCode::OK);
    let rules: Vec<_> =
        created.json["warnings"].as_array().unwrap().iter().map(|w| w["rule"].clone()).collect();
    assert!(rules.len() >= 2 && rules.contains(&json!("unrelated_certificate")), "{rules:?}");
    assert!(
        created.json["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|w| !w["message"].as_str().unwrap().is_empty())
    );
    assert!(!created.text.contains("error"), "{}", created.text);

    let id = created.json["certID"].as_str().unwrap();
    let read = site.get(&format!("/sslcert/{id}")).await;
    assert_eq!(read.json["ca"], issued.chain_pem(), "the stranger is not served");
}

#[tokio::test]
async fn keys_match_without_regard_to_case_and_strangers_are_ignored() {
    let site = Site::new(Options::default()).await;
    let issued = site.authority.issue(&TestLeaf::new(&["a.example.com"]));
    let body = json!({
        "Name": "upper", "commonName": "anything at all", "Ca": issued.chain_pem(), "Pri": issued.key_pem(),
        "unknown": { "a": [1] }, "labels": null, "passphrase": "needless",
    });
    let created = site.post("/sslcert?unknown=1", &body).await;
    let record = site.get(&format!("/sslcert/{}", created.json["certID"].as_str().unwrap())).await;
    assert_eq!(
        (&record.json["name"], &record.json["common_name"]),
        (&json!("upper"), &json!("anything at all"))
    );
}

#[tokio::test]
async fn pages_end_in_an_empty_one_and_markers_have_owners() {
    let site = Site::new(Options::default()).await;
    for n in 0..5 {
        site.upload(&format!("n{n}.example.com")).await;
    }
    for (limit, pages) in
        [("1", 5), ("2", 3), ("10", 1), ("100000", 1), ("99999999999999999999999", 1), ("", 1)]
    {
        let (mut names, mut marker, mut count) = (Vec::new(), "0".to_owned(), 0);
        loop {
            let page = site.get(&format!("/sslcert?marker={marker}&limit={limit}")).await;
            let certs = page.json["certs"].as_array().unwrap();
            marker = page.json["marker"].as_str().unwrap().to_owned();
            if certs.is_empty() {
                break;
            }
            names.extend(certs.iter().map(|cert| cert["common_name"].clone()));
            count += 1;
        }
        assert_eq!((names.len(), count), (5, pages), "limit {limit}");
        assert_eq!(names[4], "n4.example.com");
    }
    for limit in ["0", "-1", "x", "1.5", "%20"] {
        site.get(&format!("/sslcert?limit={limit}")).await.is_refused(400, 400, "invalid_parameter");
    }
    site.get("/sslcert?marker=garbled").await.is_refused(400, 400, "invalid_marker");
    let marker = site.get("/sslcert?limit=1").await.json["marker"].as_str().unwrap().to_owned();
    let strange = Request::get(&format!("/sslcert?marker={marker}")).by("bob");
    site.send(strange).await.is_refused(404, 404_908, "not_owner");
}

#[tokio::test]
async fn lists_can_be_narrowed_by_one_thing() {
    let site = Site::new(Options::default()).await;
    site.upload("a.example.com").await;
    let id = site.upload("b.example.com").await;
    let found = site.get("/sslcert?domain=B.example.com").await;
    assert_eq!(found.json["certs"].as_array().unwrap().len(), 1);
    assert_eq!(found.json["certs"][0]["certid"], id);
    let none = site.get("/sslcert?label=team:web").await;
    assert_eq!(none.json["certs"], json!([]));
    site.get("/sslcert?domain=a.com&label=x:y").await.is_refused(400, 400, "invalid_parameter");
    site.get("/sslcert?fingerprint=zz").await.is_refused(400, 400, "invalid_parameter");
}

#[tokio::test]
async fn refusals_name_the_fields_of_the_request() {
    let site = Site::new(Options::default()).await;
    let (one, other) = (TestLeaf::new(&["a.example.com"]), TestLeaf::new(&["b.example.com"]));
    let (one, other) = (site.authority.issue(&one), site.authority.issue(&other));
    let mismatch = json!({ "ca": one.chain_pem(), "pri": other.key_pem() });
    let refused = site.post("/sslcert", &mismatch).await;
    refused.is_refused(404, 404_906, "key_mismatch");
    let finding = &refused.json["findings"][0];
    assert_eq!(finding["location"], json!({ "field": "pri" }));
    assert_eq!((&finding["level"], &finding["code"]), (&json!("error"), &json!(404_906)));
    let said = refused.json["error"].as_str().unwrap();
    assert!(
        said.contains(finding["message"].as_str().unwrap())
            && said.contains(finding["fix"].as_str().unwrap())
    );

    let chinese = Request::post("/sslcert", &mismatch).with("accept-language", "zh-CN,zh;q=0.9");
    assert!(site.send(chinese).await.json["error"].as_str().unwrap().contains('。'));
    let no_chain = json!({ "ca": one.leaf_pem(), "pri": one.key_pem() });
    site.post("/sslcert", &no_chain).await.is_refused(400, 400_323, "issuer_missing");
    assert_eq!(site.get("/sslcert").await.json["certs"], json!([]));
}

#[tokio::test]
async fn bodies_that_are_no_upload() {
    let site = Site::new(Options::default().max_body(1000)).await;
    for body in ["", "x", "[]", "{", "{\"pri\":1}", "{\"ca\":[\"x\"]}", "\"text\""] {
        let refused = site.send(Request::post_text("/sslcert", body)).await;
        refused.is_refused(400, 400, "invalid_json");
    }
    let secret = site.send(Request::post_text("/sslcert", "{\"takeover\":\"SECRET\"}")).await;
    secret.is_refused(400, 400, "invalid_json");
    assert!(!secret.text.contains("SECRET"), "values are never quoted");
    let long = "x".repeat(1001);
    site.send(Request::post_text("/sslcert", &long)).await.is_refused(413, 413, "body_too_large");
    site.post("/sslcert", &json!({ "pfx": "AAAA", "pri": "x" })).await.is_refused(
        400,
        400,
        "fields_conflict",
    );
    site.post("/sslcert", &json!({})).await.is_refused(404, 404_906, "empty");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let site = Site::new(Options::default().body_deadline(Duration::ZERO)).await;
    let mut request = Request::new("POST", "/sslcert");
    *request.0.body_mut() =
        Body::from_stream(futures_util::stream::pending::<Result<&[u8], std::io::Error>>());
    site.send(request).await.is_refused(408, 408, "body_too_slow");
}

#[tokio::test]
async fn inspecting_tells_without_storing() {
    let site = Site::new(Options::default()).await;
    let expired = TestLeaf::new(&["a.example.com"]).valid(NOW - 9 * 86_400, NOW - 86_400);
    let issued = site.authority.issue(&expired);
    let body = json!({ "ca": issued.chain_pem(), "pri": issued.key_pem() });
    let report = site.post("/sslcert/inspect", &body).await;
    assert_eq!(report.status, StatusCode::OK);
    assert_eq!((&report.json["accepted"], &report.json["verdict"]), (&json!(false), &json!(400_329)));
    assert_eq!(report.json["findings"][0]["rule"], "expired");

    let issued = site.authority.issue(&TestLeaf::new(&["a.example.com"]));
    let body = json!({ "ca": issued.chain_pem(), "pri": issued.key_pem() });
    let report = site.post("/sslcert/inspect", &body).await;
    assert_eq!((&report.json["accepted"], &report.json["verdict"]), (&json!(true), &json!(200)));
    assert_eq!(report.json["chain"], issued.chain_pem());
    assert_eq!(site.get("/sslcert").await.json["certs"], Value::Array(vec![]));
}

#[tokio::test]
async fn private_keys_can_be_withheld() {
    let site = Site::new(Options::default().expose_private_keys(false)).await;
    let id = site.upload("a.example.com").await;
    let read = site.get(&format!("/sslcert/{id}")).await;
    assert_eq!((&read.json["pri"], &read.json["cert"]["pri"]), (&json!(""), &json!("")));
    assert!(!read.text.contains("PRIVATE KEY"));
}

#[tokio::test]
async fn other_owners_and_operators() {
    let site = Site::new(Options::default()).await;
    let id = site.upload("a.example.com").await;
    let path = format!("/sslcert/{id}");
    site.send(Request::get(&path).by("bob")).await.is_refused(404, 404_908, "not_owner");
    site.send(Request::get("/sslcert?owner=alice").by("bob")).await.is_refused(403, 403, "forbidden");
    site.send(Request::get("/sslcert").by_operator()).await.is_refused(400, 400, "owner_required");
    let listed = site.send(Request::get("/sslcert?owner=alice").by_operator()).await;
    assert_eq!(listed.json["certs"][0]["certid"], id);
    assert_eq!(site.send(Request::get(&path).by_operator()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_has_no_call_is_refused_alike() {
    let site = Site::new(Options::default()).await;
    site.get("/nowhere").await.is_refused(404, 404, "no_such_call");
    site.send(Request::new("PATCH", "/sslcert")).await.is_refused(405, 405, "method_not_allowed");
    site.send(Request::get("/sslcert").by_nobody()).await.is_refused(401, 401, "bad_token");
    for path in ["/healthz", "/readyz"] {
        let healthy = site.send(Request::get(path).by_nobody()).await;
        assert_eq!((healthy.status, healthy.json), (StatusCode::OK, json!({ "code": 200 })));
    }
}

fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}
