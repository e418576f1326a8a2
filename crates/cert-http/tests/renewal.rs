//! Renewal over the API: replacement, rollback, takeover, and what ends soon.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use axum::http::StatusCode;
use cert_core::testing::{Issued, TestLeaf};
use cert_http::Options;
use serde_json::{Value, json};
use site::{NOW, Request, Site, upload_of};

const DAY: i64 = 86_400;

async fn site() -> Site {
    Site::new(Options::default()).await
}

fn issue(site: &Site, names: &[&str], days: i64) -> Issued {
    site.authority.issue(&TestLeaf::new(names).valid(NOW - DAY, NOW + days * DAY))
}

#[tokio::test]
async fn a_replacement_keeps_the_id_and_can_be_taken_back() {
    let site = site().await;
    let (old, new) = (issue(&site, &["www.example.com"], 30), issue(&site, &["www.example.com"], 60));
    let created = site.upload_with(&old, json!({ "name": "www", "labels": { "team": "web" } })).await;
    let path = format!("/sslcert/{}", created.json["certID"].as_str().unwrap());
    site.put("/domain/www.example.com/httpsconf", &json!({ "certId": created.json["certID"] })).await;

    let replaced = site.put(&path, &upload_of(&new, json!({}))).await;
    assert_eq!(replaced.json, json!({ "code": 200, "generation": 2 }));
    let again = site.put(&path, &upload_of(&new, json!({}))).await;
    assert_eq!(again.json["generation"], 2, "the same content again keeps the generation");
    let read = site.get(&path).await;
    assert_eq!((read.header("etag"), &read.json["generation"]), ("\"2\"", &json!(2)));
    assert_eq!((&read.json["ca"], &read.json["name"]), (&json!(new.chain_pem()), &json!("www")));
    assert_eq!(read.json["labels"], json!({ "team": "web" }));

    let back = site.send(Request::new("POST", &format!("{path}/rollback"))).await;
    assert_eq!(back.json, json!({ "code": 200, "generation": 3 }));
    let read = site.get(&path).await;
    assert_eq!((&read.json["ca"], &read.json["generation"]), (&json!(old.chain_pem()), &json!(3)));
    assert_eq!(compact(read.json["pri"].as_str().unwrap()), compact(&old.key_pem()));
}

#[tokio::test]
async fn if_match_names_the_generation_that_must_stand() {
    let site = site().await;
    let path = format!("/sslcert/{}", site.upload("www.example.com").await);
    let send = async |method: &str, path: &str, body: Value, tag: &str| {
        let mut request = Request::put(path, &body).with("if-match", tag);
        *request.0.method_mut() = method.parse().unwrap();
        site.send(request).await
    };
    let new = upload_of(&issue(&site, &["www.example.com"], 60), json!({}));
    send("PUT", &path, new.clone(), "\"7\"").await.is_refused(409, 409, "stale_generation");
    for garbled in ["7", "W/\"1\"", "\"x\"", "\"1\", \"2\"", ""] {
        send("PUT", &path, new.clone(), garbled).await.is_refused(400, 400, "invalid_parameter");
    }
    assert_eq!(send("PUT", &path, new, "\"1\"").await.json["generation"], 2);
    let newer = upload_of(&issue(&site, &["www.example.com"], 61), json!({}));
    assert_eq!(send("PUT", &path, newer, "*").await.json["generation"], 3);
    let rollback = format!("{path}/rollback");
    send("POST", &rollback, json!({}), "\"2\"").await.is_refused(409, 409, "stale_generation");
    assert_eq!(send("POST", &rollback, json!({}), "\"3\"").await.json["generation"], 4);

    let fresh = format!("/sslcert/{}/rollback", site.upload("b.example.com").await);
    site.send(Request::new("POST", &fresh)).await.is_refused(409, 409, "no_previous");
    site.send(Request::new("POST", &fresh).by("bob")).await.is_refused(404, 404_908, "not_owner");
}

#[tokio::test]
async fn a_bound_domain_keeps_its_cover() {
    let site = site().await;
    let id = site.upload("www.example.com").await;
    site.put("/domain/www.example.com/httpsconf", &json!({ "certId": id })).await;
    let path = format!("/sslcert/{id}");
    let other = upload_of(&issue(&site, &["other.example.com"], 60), json!({}));
    let refused = site.put(&path, &other).await;
    refused.is_refused(400, 400, "would_uncover");
    assert_eq!(refused.json["domains"], json!(["www.example.com"]));
    assert_eq!(site.get(&path).await.json["generation"], 1);
    let expired = TestLeaf::new(&["www.example.com"]).valid(NOW - 9 * DAY, NOW - DAY);
    let expired = site.authority.issue(&expired);
    site.put(&path, &upload_of(&expired, json!({}))).await.is_refused(400, 400_329, "expired");
}

#[tokio::test]
async fn an_upload_takes_over_what_it_renews() {
    let site = site().await;
    let old = issue(&site, &["www.example.com", "a.example.com"], 30);
    let old = site.upload_with(&old, json!({})).await.json["certID"].clone();
    site.put("/domain/www.example.com/sslize", &json!({ "certId": old, "forceHttps": true })).await;
    site.post("/cert/bind", &json!({ "certid": old, "domain": "a.example.com" })).await;

    let early = issue(&site, &["*.example.com"], 20);
    let created = site.upload_with(&early, json!({ "takeover": true })).await;
    assert!(created.json.get("taken_over").is_none(), "it ends earlier: {}", created.text);
    let new = issue(&site, &["*.example.com"], 60);
    let untouched = site.upload_with(&new, json!({ "takeover": false })).await;
    assert!(untouched.json.get("taken_over").is_none(), "{}", untouched.text);
    let created = site.upload_with(&new, json!({ "takeover": true })).await;
    let (id, entry) = (&created.json["certID"], |domain: &str| json!({ "domain": domain, "from": old }));
    assert_eq!(created.json["taken_over"], json!([entry("www.example.com"), entry("a.example.com")]));
    let shown = site.get("/domain/www.example.com").await;
    assert_eq!(shown.json["https"], json!({ "certId": id, "forceHttps": true, "http2Enable": false }));
    let left = site.get(&format!("/sslcert/{}", old.as_str().unwrap())).await;
    assert_eq!(&left.json["superseded_by"], id);
}

#[tokio::test]
async fn a_repeated_upload_keeps_its_labels_and_says_so() {
    let site = site().await;
    let issued = issue(&site, &["www.example.com"], 60);
    let first = site.upload_with(&issued, json!({ "labels": { "a": "1" } })).await;
    let again = site.upload_with(&issued, json!({ "labels": { "a": "2" } })).await;
    assert_eq!(again.json["certID"], first.json["certID"]);
    assert_eq!(again.json["warnings"][0]["rule"], "labels_kept");
    assert!(!again.text.contains("error"), "{}", again.text);
    let found = site.get("/sslcert?label=a:1").await;
    assert_eq!(found.json["certs"][0]["certid"], first.json["certID"]);
    assert_eq!(site.get("/sslcert?label=a:2").await.json["certs"], json!([]));
}

#[tokio::test]
async fn a_replacement_with_labels_replaces_them() {
    let site = site().await;
    let (old, new) = (issue(&site, &["www.example.com"], 30), issue(&site, &["www.example.com"], 60));
    let created = site.upload_with(&old, json!({ "labels": { "a": "1", "b": "2" } })).await;
    let path = format!("/sslcert/{}", created.json["certID"].as_str().unwrap());
    for (labels, generation, kept) in [
        (json!({ "a": "3" }), 2, json!({ "a": "3" })),
        (json!({ "c": "4" }), 2, json!({ "c": "4" })),
        (json!(null), 2, json!({ "c": "4" })),
        (json!({}), 2, json!({})),
    ] {
        let replaced = site.put(&path, &upload_of(&new, json!({ "labels": labels }))).await;
        assert_eq!(replaced.json, json!({ "code": 200, "generation": generation }), "{labels}");
        assert_eq!(site.get(&path).await.json["labels"], kept, "{labels}");
    }
    let refused = site.put(&path, &upload_of(&new, json!({ "labels": { "": "x" } }))).await;
    assert_eq!(refused.status, 400);
    let renamed = site.put(&path, &upload_of(&new, json!({ "name": "other" }))).await;
    renamed.is_refused(400, 400, "not_changeable");
}

#[tokio::test]
async fn certificates_are_found_by_name_and_fingerprint() {
    let site = site().await;
    let issued = issue(&site, &["*.example.com"], 60);
    let id = site.upload_with(&issued, json!({})).await.json["certID"].clone();
    site.upload("other.example.org").await;
    let hex = cert_core::Fingerprint::of(&issued.certificates()[0]).to_string();
    let colons = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect::<Vec<_>>();
    for query in [
        "domain=www.example.com".to_owned(),
        "domain=*.example.com".to_owned(),
        format!("fingerprint={hex}"),
        format!("fingerprint={}", hex.to_uppercase()),
        format!("fingerprint={}", colons.join(":")),
    ] {
        let found = site.get(&format!("/sslcert?{query}&limit=1")).await;
        assert_eq!(found.json["certs"][0]["certid"], id, "{query}: {}", found.text);
        let marker = found.json["marker"].as_str().unwrap();
        let end = site.get(&format!("/sslcert?{query}&marker={marker}")).await;
        assert_eq!(end.json, json!({ "code": 200, "marker": "", "certs": [] }));
    }
    site.get("/sslcert?label=nothing").await.is_refused(400, 400, "invalid_parameter");
    site.get("/sslcert?domain=a..b").await.is_refused(400, 400, "invalid_parameter");
}

#[tokio::test]
async fn operators_see_what_ends_soon() {
    let site = site().await;
    let mut ids = Vec::new();
    for days in [40, 20, 30] {
        let issued = issue(&site, &["www.example.com"], days);
        ids.push(site.upload_with(&issued, json!({})).await.json["certID"].clone());
    }
    let before = (NOW + 35 * DAY).as_unix();
    let page =
        site.send(Request::get(&format!("/admin/expiring?before={before}&limit=1")).by_operator()).await;
    let expected = json!({
        "certid": ids[1], "owner": "alice", "not_after": (NOW + 20 * DAY).as_unix(), "bound": false, "superseded_by": null,
    });
    assert_eq!(page.json["certs"], json!([expected]));
    let marker = page.json["marker"].as_str().unwrap();
    let next = format!("/admin/expiring?before={before}&marker={marker}");
    let page = site.send(Request::get(&next).by_operator()).await;
    assert_eq!(
        (page.json["certs"].as_array().unwrap().len(), &page.json["certs"][0]["certid"]),
        (1, &ids[2])
    );
    let of_bob = format!("/admin/expiring?before={before}&owner=bob");
    assert_eq!(site.send(Request::get(&of_bob).by_operator()).await.json["certs"], json!([]));
    site.send(Request::get("/admin/expiring").by_operator()).await.is_refused(400, 400, "invalid_parameter");
    site.get(&format!("/admin/expiring?before={before}")).await.is_refused(403, 403, "not_allowed");
}

#[tokio::test]
async fn keys_are_rewrapped_and_their_kek_retired_by_operators_only() {
    let site = site().await;
    site.upload("www.example.com").await;
    let (rewrap, retire) = (json!({ "from": "gone-0123456789abcdef" }), json!({ "kek": site.active_kek }));
    site.post("/admin/rewrap", &rewrap).await.is_refused(403, 403, "not_allowed");
    site.post("/admin/retire", &retire).await.is_refused(403, 403, "not_allowed");
    let done = site.send(Request::post("/admin/rewrap", &rewrap).by_operator()).await;
    assert_eq!(done.json, json!({ "code": 200, "complete": true, "keys": 0, "damaged": 0 }));
    let active = json!({ "from": site.active_kek });
    let refused = site.send(Request::post("/admin/rewrap", &active).by_operator()).await;
    refused.is_refused(409, 409, "kek_active");
    let refused = site.send(Request::post("/admin/retire", &retire).by_operator()).await;
    refused.is_refused(409, 409, "kek_active");
    let retire = json!({ "kek": "gone-0123456789abcdef" });
    assert_eq!(site.send(Request::post("/admin/retire", &retire).by_operator()).await.status, StatusCode::OK);
    let garbled = Request::post("/admin/rewrap", &json!({ "from": "" })).by_operator();
    site.send(garbled).await.is_refused(400, 400, "missing_field");
}

fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}
