//! A router over a service in memory, without a socket.

#![allow(dead_code, reason = "compiled once for every test file, and each uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{self, HeaderMap, StatusCode},
};
use cert_core::{
    Timestamp, TrustAnchors, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};
use cert_http::Options;
use cert_service::{Caller, CertService, Executor, FixedClock, Inline, KeyWrapper as _, LocalKeyRing, Plan};
use cert_store::MemoryStore;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) authority: TestCa,
    pub(crate) clock: FixedClock,
    pub(crate) active_kek: String,
}

impl Site {
    pub(crate) async fn new(options: Options) -> Self {
        Self::on(options, Inline).await
    }

    /// One whose CPU work runs there.
    pub(crate) async fn on(options: Options, executor: impl Executor + 'static) -> Self {
        let root = TestCa::root("Root", NOW);
        Self::trusting(root.trust(), NOW, &root, options, executor).await
    }

    /// The service alone, and an authority that it trusts.
    pub(crate) async fn service() -> (CertService, TestCa) {
        let root = TestCa::root("Root", NOW);
        let plan = Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust()))));
        let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral().unwrap())
            .policies(plan)
            .clock(FixedClock::new(NOW))
            .build()
            .await
            .unwrap();
        (certs, root.intermediate("CA"))
    }

    /// One that trusts the root of frozen uploads, at a time when they are valid.
    pub(crate) async fn of_frozen(root_pem: &[u8]) -> Self {
        let now = Timestamp::from_unix(1_796_000_000);
        let trust = TrustAnchors::from_pem(root_pem).unwrap();
        Self::trusting(trust, now, &TestCa::root("Root", now), Options::default(), Inline).await
    }

    async fn trusting(
        trust: TrustAnchors,
        now: Timestamp,
        root: &TestCa,
        options: Options,
        executor: impl Executor + 'static,
    ) -> Self {
        let plan = Plan::new(Arc::new(ValidationPolicy::new(Arc::new(trust))));
        let ring = LocalKeyRing::ephemeral().unwrap();
        let active_kek = ring.active().await.unwrap().to_string();
        let clock = FixedClock::new(now);
        let certs = CertService::builder(MemoryStore::new(), ring)
            .policies(plan)
            .clock(clock.clone())
            .executor(executor)
            .build()
            .await
            .unwrap();
        Self {
            router: cert_http::router(certs, options),
            authority: root.intermediate("CA"),
            clock,
            active_kek,
        }
    }

    /// Uploads a certificate for this name as Alice, and gives its id.
    pub(crate) async fn upload(&self, name: &str) -> String {
        let issued = self.authority.issue(&TestLeaf::new(&[name]));
        let body = json!({ "name": name, "ca": issued.chain_pem(), "pri": issued.key_pem() });
        let answer = self.post("/sslcert", &body).await;
        answer.json["certID"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target)).await
    }

    pub(crate) async fn delete(&self, target: &str) -> Answer {
        self.send(Request::new("DELETE", target)).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::post(target, body)).await
    }

    pub(crate) async fn put(&self, target: &str, body: &Value) -> Answer {
        self.send(Request::put(target, body)).await
    }

    /// Uploads what was issued, with further fields, as Alice.
    pub(crate) async fn upload_with(&self, issued: &Issued, fields: Value) -> Answer {
        self.post("/sslcert", &upload_of(issued, fields)).await
    }

    /// The answer as it is, JSON or not.
    pub(crate) async fn raw(&self, request: Request) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request.0).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        answer(self.router.clone(), request.0).await
    }
}

/// The body of an upload, with further fields.
pub(crate) fn upload_of(issued: &Issued, fields: Value) -> Value {
    let mut body = json!({ "ca": issued.chain_pem(), "pri": issued.key_pem() });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

/// Sends a request to any router.
pub(crate) async fn answer(router: Router, request: http::Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    let answer = Answer { status: parts.status, headers: parts.headers, json, text };
    assert!(!answer.header("x-reqid").is_empty(), "every answer is named");
    assert_eq!(answer.header("content-type"), "application/json");
    answer
}

/// A request of Alice's, unless it is said to be somebody else's.
pub(crate) struct Request(pub(crate) http::Request<Body>);

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let request = http::Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        Self(request).by("alice")
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: &str, body: &Value) -> Self {
        Self::post_text(target, &body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn put(target: &str, body: &Value) -> Self {
        let mut request = Self::new("PUT", target).with("content-type", "application/json");
        *request.0.body_mut() = Body::from(body.to_string());
        request
    }

    pub(crate) fn post_text(target: &str, body: &str) -> Self {
        let mut request = Self::new("POST", target);
        *request.0.body_mut() = Body::from(body.to_owned());
        request
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn by(mut self, owner: &str) -> Self {
        self.0.extensions_mut().insert(Caller::tenant(owner).unwrap());
        self
    }

    pub(crate) fn by_operator(mut self) -> Self {
        self.0.extensions_mut().insert(Caller::operator());
        self
    }

    pub(crate) fn by_nobody(mut self) -> Self {
        self.0.extensions_mut().remove::<Caller>();
        self
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Checks all that a refusal must have.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, code: u32, rule: &str) {
        let said = (self.status.as_u16(), &self.json["code"], &self.json["rule"]);
        assert_eq!(said, (status, &json!(code), &json!(rule)), "{}", self.text);
        assert!(self.json["error"].as_str().is_some_and(|text| !text.is_empty()), "{}", self.text);
        assert!(self.json["findings"].is_array(), "{}", self.text);
    }
}
