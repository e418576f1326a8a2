//! The example of an application with authentication of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../examples/nested.rs"]
mod nested;
mod site;

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use cert_core::testing::TestLeaf;
use http_body_util::BodyExt as _;
use serde_json::json;
use site::{Site, answer, upload_of};
use tower::ServiceExt as _;

#[tokio::test]
async fn whoever_is_logged_in_calls_the_api_and_nobody_else_does() {
    let (certs, authority) = Site::service().await;
    let owners = [("a", "alice"), ("b", "bob")];
    let sessions = owners.map(|(session, owner)| (session.to_owned(), owner.to_owned()));
    let application = nested::application(certs, Arc::new(HashMap::from(sessions)));
    let call = |method: &str, path: &str, session: &str, body: String| {
        let request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {session}"));
        answer(application.clone(), request.body(Body::from(body)).unwrap())
    };

    let issued = authority.issue(&TestLeaf::new(&["www.example.com"]));
    let upload = upload_of(&issued, json!({})).to_string();
    let created = call("POST", "/certificates/sslcert", "a", upload.clone()).await;
    assert_eq!(created.status, StatusCode::OK, "{}", created.text);
    let path = format!("/certificates/sslcert/{}", created.json["certID"].as_str().unwrap());
    let read = call("GET", &path, "a", String::new()).await;
    assert_eq!(
        (&read.json["pri"], read.json["ca"].as_str()),
        (&json!(""), Some(issued.chain_pem().as_str()))
    );
    call("GET", &path, "b", String::new()).await.is_refused(404, 404_908, "not_owner");
    for session in ["", "c"] {
        call("GET", &path, session, String::new()).await.is_refused(401, 401, "bad_token");
        call("POST", "/certificates/sslcert", session, upload.clone()).await.is_refused(
            401,
            401,
            "bad_token",
        );
    }
    let own = Request::get("/").body(Body::empty()).unwrap();
    let page = application.clone().oneshot(own).await.unwrap();
    assert_eq!(page.into_body().collect().await.unwrap().to_bytes(), "The application's own page.");
}
