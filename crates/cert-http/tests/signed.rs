//! The router with the API's own signatures, nested and not, and with handlers around it that fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request as HttpRequest, StatusCode},
};
use cert_http::{Authenticator, Credential, Options, sign_qbox};
use cert_service::{Caller, FixedClock};
use site::{NOW, Site, answer};
use zeroize::Zeroizing;

fn options() -> Options {
    let credential = Credential::new(Caller::tenant("alice").unwrap(), Zeroizing::new("SK".to_owned()));
    let credentials = HashMap::from([("AK".to_owned(), Arc::new(credential))]);
    Options::default().authenticator(Authenticator::new(credentials).with_clock(FixedClock::new(NOW)))
}

fn signed(target: &str, signed_target: &str) -> HttpRequest<Body> {
    HttpRequest::get(target)
        .header("authorization", sign_qbox("AK", "SK", signed_target))
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn only_signed_requests_pass() {
    let site = Site::new(options()).await;
    let good = answer(site.router.clone(), signed("/sslcert?limit=1", "/sslcert?limit=1")).await;
    assert_eq!(good.status, StatusCode::OK);
    let other_query = answer(site.router.clone(), signed("/sslcert?limit=2", "/sslcert?limit=1")).await;
    other_query.is_refused(401, 401, "bad_token");
    assert_eq!(other_query.json["error"], "bad token");
    let unsigned = HttpRequest::get("/sslcert").body(Body::empty()).unwrap();
    answer(site.router.clone(), unsigned).await.is_refused(401, 401, "bad_token");
    let mut forged = HttpRequest::get("/sslcert").body(Body::empty()).unwrap();
    forged.extensions_mut().insert(Caller::tenant("alice").unwrap());
    answer(site.router, forged).await.is_refused(401, 401, "bad_token");
}

#[tokio::test]
async fn nested_in_another_application_the_whole_path_is_signed() {
    let site = Site::new(options()).await;
    let application = Router::new().nest("/certificates", site.router);
    let whole = signed("/certificates/sslcert", "/certificates/sslcert");
    assert_eq!(answer(application.clone(), whole).await.status, StatusCode::OK);
    let part = signed("/certificates/sslcert", "/sslcert");
    answer(application, part).await.is_refused(401, 401, "bad_token");
}

#[tokio::test]
async fn a_signed_form_body_is_read_before_it_is_judged() {
    let site = Site::new(options().max_body(10)).await;
    let form = |body: &'static str| {
        HttpRequest::post("/sslcert")
            .header("authorization", "QBox AK:AAAA")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    };
    answer(site.router.clone(), form("a=1")).await.is_refused(401, 401, "bad_token");
    answer(site.router, form("a=12345678901")).await.is_refused(413, 413, "body_too_large");
}
