//! Domains: bound, shown, re-pointed, freed, and what stands in the way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use axum::http::StatusCode;
use cert_core::testing::TestLeaf;
use cert_http::Options;
use serde_json::{Value, json};
use site::{NOW, Request, Site};

async fn site() -> Site {
    Site::new(Options::default()).await
}

#[tokio::test]
async fn a_cdn_domain_is_bound_shown_repointed_and_freed() {
    let site = site().await;
    let (one, other) = (site.upload("www.example.com").await, site.upload("www.example.com").await);
    site.get("/domain/www.example.com").await.is_refused(404, 404, "no_such_domain");
    assert_eq!(site.get("/domain/www.example.com").await.json["error"], "no such domain");

    let bound =
        site.put("/domain/www.example.com/sslize", &json!({ "certid": one, "forceHttps": true })).await;
    assert_eq!(bound.json, json!({ "code": 200, "previous": null }));
    let https = json!({ "certId": one, "forceHttps": true, "http2Enable": false });
    let shown = site.get("/domain/WWW.example.com").await;
    let expected = json!({ "code": 200, "name": "www.example.com", "protocol": "https", "https": https });
    assert_eq!(shown.json, expected);

    // What a client leaves out stays, and each spelling of the id is taken.
    for (spelling, id, previous) in [("certId", &other, json!(one)), ("certID", &other, Value::Null)] {
        let body = json!({ spelling: id, "HTTP2Enable": true });
        let bound = site.put("/domain/www.example.com/httpsconf", &body).await;
        assert_eq!(bound.json, json!({ "code": 200, "previous": previous }), "{spelling}");
    }
    let shown = site.get("/domain/www.example.com").await;
    assert_eq!(shown.json["https"], json!({ "certId": other, "forceHttps": true, "http2Enable": true }));
    let bindings = site.get(&format!("/sslcert/{other}/bindings")).await;
    let entry = json!({ "domain": "www.example.com", "kind": "cdn", "slot": "primary" });
    assert_eq!(bindings.json, json!({ "code": 200, "bindings": [entry] }));
    assert_eq!(site.get(&format!("/sslcert/{one}/bindings")).await.json["bindings"], json!([]));

    let refused = site.delete(&format!("/sslcert/{other}")).await;
    refused.is_refused(400, 400_611, "still_bound");
    assert_eq!(refused.json["domains"], json!(["www.example.com"]));
    for _ in 0..2 {
        let freed = site.send(Request::new("PUT", "/domain/www.example.com/unsslize")).await;
        assert_eq!(freed.json, json!({ "code": 200 }), "freeing again is nothing");
    }
    site.get("/domain/www.example.com").await.is_refused(404, 404, "no_such_domain");
    assert_eq!(site.delete(&format!("/sslcert/{other}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wildcard_begins_with_its_dot() {
    let site = site().await;
    let id = site.upload("*.example.com").await;
    let bound = site.put("/domain/.example.com/httpsconf", &json!({ "certId": id })).await;
    assert_eq!(bound.status, StatusCode::OK, "{}", bound.text);
    for path in ["/domain/.example.com", "/domain/*.example.com", "/domain/%2A.example.com"] {
        assert_eq!(site.get(path).await.json["name"], "*.example.com", "{path}");
    }
    site.get("/domain/www.example.com").await.is_refused(404, 404, "no_such_domain");
    for path in ["/domain/a..b", "/domain/.", "/domain/%00", "/domain/a%20b"] {
        site.get(path).await.is_refused(400, 400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_storage_domain_is_bound_listed_and_freed() {
    let site = site().await;
    let id = site.upload("*.example.com").await;
    let names = ["a.example.com", ".example.com"];
    for (method, domain) in ["PUT", "POST"].into_iter().zip(names) {
        let mut request = Request::put("/cert/bind", &json!({ "certid": id, "domain": domain }));
        *request.0.method_mut() = method.parse().unwrap();
        assert_eq!(site.send(request).await.json, json!({ "code": 200 }), "{method}");
    }
    let listed = site.get("/cert/bindings").await;
    let entries =
        json!([{ "domain": "*.example.com", "certid": id }, { "domain": "a.example.com", "certid": id }]);
    assert_eq!(listed.json, json!({ "code": 200, "bindings": entries }));
    site.delete(&format!("/sslcert/{id}")).await.is_refused(400, 400_911, "still_bound");

    for domain in ["a.example.com", "*.example.com"] {
        let freed = site.post("/cert/unbind", &json!({ "domain": domain })).await;
        assert_eq!(freed.json, json!({ "code": 200 }));
    }
    assert_eq!(site.get("/cert/bindings").await.json["bindings"], json!([]));
    assert_eq!(site.delete(&format!("/sslcert/{id}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_domain_may_have_two_slots() {
    let site = site().await;
    let (one, other) = (site.upload("www.example.com").await, site.upload("www.example.com").await);
    site.put("/domain/www.example.com/httpsconf", &json!({ "certId": one })).await;
    let body = json!({ "certId": other, "slot": "alternate" });
    assert_eq!(site.put("/domain/www.example.com/httpsconf", &body).await.status, StatusCode::OK);
    let shown = site.get("/domain/www.example.com").await;
    assert_eq!(
        (&shown.json["https"]["certId"], &shown.json["alternate"]["certId"]),
        (&json!(one), &json!(other))
    );

    site.put("/domain/www.example.com/unsslize", &json!({ "slot": "alternate" })).await;
    assert_eq!(site.delete(&format!("/sslcert/{other}")).await.status, StatusCode::OK);
    assert_eq!(site.get("/domain/www.example.com").await.json["https"]["certId"], json!(one));
    site.put("/domain/www.example.com/unsslize", &json!({})).await;
    site.get("/domain/www.example.com").await.is_refused(404, 404, "no_such_domain");
    let body = json!({ "certId": one, "slot": "third" });
    site.put("/domain/www.example.com/sslize", &body).await.is_refused(400, 400, "invalid_parameter");
}

#[tokio::test]
async fn what_cannot_be_bound_says_why() {
    let site = site().await;
    let id = site.upload("www.example.com").await;
    let path = "/domain/other.example.com/httpsconf";
    let refused = site.put(path, &json!({ "certId": id })).await;
    refused.is_refused(400, 400, "not_covered");
    for name in ["other.example.com", "www.example.com"] {
        assert!(refused.json["error"].as_str().unwrap().contains(name), "{}", refused.text);
    }
    site.put(path, &json!({})).await.is_refused(400, 400, "missing_field");
    site.put(path, &json!({ "certId": 7 })).await.is_refused(400, 400, "invalid_parameter");
    site.put(path, &json!({ "certId": "x" })).await.is_refused(400, 400_401, "not_found");
    let none = "5cd118063405971836000359";
    site.put(path, &json!({ "certId": none })).await.is_refused(400, 400_401, "not_found");
    let wrong = json!({ "certId": id, "forceHttps": "yes" });
    site.put(path, &wrong).await.is_refused(400, 400, "invalid_parameter");
    site.send(Request::new("PUT", path)).await.is_refused(400, 400, "invalid_json");
    site.post("/cert/bind", &json!({ "certid": id })).await.is_refused(400, 400, "missing_field");
    let strange = json!({ "certid": id, "domain": "other.example.com" });
    site.post("/cert/bind", &strange).await.is_refused(400, 400, "not_covered");
}

#[tokio::test]
async fn a_domain_of_another_owner_stays_there() {
    let site = site().await;
    let id = site.upload("www.example.com").await;
    site.put("/domain/www.example.com/httpsconf", &json!({ "certId": id, "forceHttps": true })).await;
    let issued = site.authority.issue(&TestLeaf::new(&["www.example.com"]));
    let upload = site::upload_of(&issued, json!({}));
    let of_bob = site.send(Request::post("/sslcert", &upload).by("bob")).await;
    let of_bob = of_bob.json["certID"].as_str().unwrap();

    let path = "/domain/www.example.com";
    site.send(Request::get(path).by("bob")).await.is_refused(404, 404_908, "bound_elsewhere");
    let bind = Request::put(&format!("{path}/httpsconf"), &json!({ "certId": of_bob })).by("bob");
    site.send(bind).await.is_refused(404, 404_908, "bound_elsewhere");
    let bind = Request::put(&format!("{path}/httpsconf"), &json!({ "certId": id })).by("bob");
    site.send(bind).await.is_refused(404, 404_908, "not_owner");
    let free = Request::new("PUT", &format!("{path}/unsslize")).by("bob");
    site.send(free).await.is_refused(404, 404_908, "bound_elsewhere");
    let bindings = Request::get(&format!("/sslcert/{id}/bindings")).by("bob");
    site.send(bindings).await.is_refused(404, 404_908, "not_owner");

    // Only an operator moves it.
    let order =
        json!({ "domain": "www.example.com", "kind": "cdn", "from_owner": "alice", "certid": of_bob });
    site.post("/admin/move", &order).await.is_refused(403, 403, "not_allowed");
    let moved = site.send(Request::post("/admin/move", &order).by_operator()).await;
    assert_eq!(moved.json, json!({ "code": 200, "previous": id }));
    let shown = site.send(Request::get(path).by("bob")).await;
    assert_eq!(shown.json["https"], json!({ "certId": of_bob, "forceHttps": false, "http2Enable": false }));
    let on_behalf = site.send(Request::get(&format!("{path}?owner=bob")).by_operator()).await;
    assert_eq!(on_behalf.json, shown.json);
}

#[tokio::test]
async fn an_expired_certificate_is_not_bound() {
    let site = site().await;
    let soon = TestLeaf::new(&["www.example.com"]).valid(NOW - 86_400, NOW + 10 * 86_400);
    let id = site.upload_with(&site.authority.issue(&soon), json!({})).await.json["certID"].clone();
    site.clock.set(NOW + 11 * 86_400);
    let refused = site.put("/domain/www.example.com/sslize", &json!({ "certId": id })).await;
    refused.is_refused(400, 400_329, "expired");
}
