//! The API's description is the router's: each call that it names is there, and what is ours is marked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::collections::BTreeSet;

use cert_http::{Options, openapi};
use serde_json::{Value, json};
use site::{Request, Site};

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Each call: method, path, and what is said of it.
fn calls(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let path = path.clone();
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn every_call_that_is_named_is_there() {
    let site = Site::new(Options::default().metrics(|| "certkeep_up 1\n".to_owned())).await;
    for (method, path, operation) in calls(&document()) {
        let concrete =
            path.replace("{id}", "5cd118063405971836000359").replace("{domain}", "www.example.com");
        let mut request = Request::put(&concrete, &json!({}));
        *request.0.method_mut() = method.parse().unwrap();
        let (status, text) = site.raw(request).await;
        assert!(!text.contains("no_such_call") && status.as_u16() != 405, "{method} {path}: {text}");
        let documented = operation["responses"].as_object().unwrap();
        assert!(documented.contains_key(status.as_str()), "{method} {path}: {status} is not documented");
    }
}

#[test]
fn what_is_ours_is_marked_and_the_rest_is_not() {
    let document = document();
    let theirs: BTreeSet<_> = calls(&document)
        .into_iter()
        .filter(|(_, _, operation)| operation["x-certkeep-extension"] != json!(true))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let expected = [
        "DELETE /sslcert/{id}",
        "GET /cert/bindings",
        "GET /domain/{domain}",
        "GET /sslcert",
        "GET /sslcert/{id}",
        "POST /cert/bind",
        "POST /domain/{domain}/httpsconf",
        "POST /sslcert",
        "PUT /cert/bind",
        "PUT /domain/{domain}/httpsconf",
        "PUT /domain/{domain}/sslize",
        "PUT /domain/{domain}/unsslize",
    ];
    assert_eq!(theirs, expected.iter().map(|&call| call.to_owned()).collect());
}

#[test]
fn names_are_unique_and_references_lead_somewhere() {
    let document = document();
    let calls = calls(&document);
    let names: BTreeSet<_> =
        calls.iter().map(|(_, _, operation)| operation["operationId"].to_string()).collect();
    assert_eq!(names.len(), calls.len());
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for (method, path, operation) in calls {
        let signed = operation["security"] == json!([{ "signature": [] }]);
        let unsigned = ["/healthz", "/readyz", "/metrics", "/openapi.json"].contains(&path.as_str());
        assert_eq!(signed, !unsigned, "{method} {path}");
    }
}

#[tokio::test]
async fn the_document_and_the_metrics_are_served_unsigned() {
    let site = Site::new(Options::default().metrics(|| "certkeep_up 1\n".to_owned())).await;
    let served = site.send(Request::get("/openapi.json").by_nobody()).await;
    assert_eq!(served.json, document());
    let (status, text) = site.raw(Request::get("/metrics").by_nobody()).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, "certkeep_up 1\n"));
    let without = Site::new(Options::default()).await;
    without.send(Request::get("/metrics").by_nobody()).await.is_refused(404, 404, "no_such_call");
}

#[tokio::test]
async fn methods_that_a_path_does_not_take_are_named() {
    let site = Site::new(Options::default()).await;
    let refused = site.send(Request::new("PATCH", "/sslcert")).await;
    refused.is_refused(405, 405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET,HEAD,POST");
}
