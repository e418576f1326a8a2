//! What is left of an answer when its handler panics.

use axum::{Router, body::Body, http::Request, routing::get};
use cert_service::{CertService, LocalKeyRing};
use cert_store::MemoryStore;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{Access, Envelope};
use crate::options::{ApiState, Options};

#[tokio::test]
async fn a_panic_is_an_answer_and_the_next_request_works() {
    let ring = LocalKeyRing::ephemeral().unwrap();
    let certs = CertService::builder(MemoryStore::new(), ring).build().await.unwrap();
    let router: Router = Router::new()
        .route("/broken", get(async || if true { panic!("by design") } else { "" }))
        .route("/well", get(async || "well"))
        .layer(Envelope::new(ApiState::new(certs, Options::default()), Access::Open));
    let request = |path: &str| Request::get(path).body(Body::empty()).unwrap();

    let broken = router.clone().oneshot(request("/broken")).await.unwrap();
    assert_eq!(broken.status(), 500);
    assert!(broken.headers().contains_key("x-reqid"));
    let body = broken.into_body().collect().await.unwrap().to_bytes();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((json["code"].as_u64(), json["rule"].as_str()), (Some(500), Some("internal")));
    assert!(!json["error"].as_str().unwrap().contains("design"));
    assert_eq!(router.oneshot(request("/well")).await.unwrap().status(), 200);
}
