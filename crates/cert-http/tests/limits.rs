//! How much is let in at once, how fast, and for how long.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{body::Body, http::StatusCode};
use cert_core::testing::TestLeaf;
use cert_http::Options;
use cert_service::{Executor, Job};
use serde_json::json;
use site::{Request, Site, upload_of};
use tokio::sync::Semaphore;

/// Runs a job once somebody lets it.
#[derive(Clone)]
struct Held {
    come: Arc<Semaphore>,
    let_go: Arc<Semaphore>,
}

#[async_trait]
impl Executor for Held {
    async fn execute(&self, job: Job) {
        self.come.add_permits(1);
        self.let_go.acquire().await.unwrap().forget();
        job();
    }
}

fn held() -> Held {
    Held { come: Arc::new(Semaphore::new(0)), let_go: Arc::new(Semaphore::new(0)) }
}

#[tokio::test]
async fn one_call_too_many_is_refused_and_reads_have_places_of_their_own() {
    let held = held();
    let site = Arc::new(Site::on(Options::default().max_requests(2), held.clone()).await);
    let issued = site.authority.issue(&TestLeaf::new(&["www.example.com"]));
    let first = tokio::spawn({
        let (site, body) = (Arc::clone(&site), upload_of(&issued, json!({})));
        async move { site.post("/sslcert", &body).await }
    });
    held.come.acquire().await.unwrap().forget();
    let refused = site.post("/sslcert/inspect", &json!({})).await;
    refused.is_refused(503, 503, "busy");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(site.get("/sslcert").await.status, StatusCode::OK);
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
    held.let_go.add_permits(100);
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    assert_eq!(site.post("/sslcert/inspect", &json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up() {
    let held = held();
    let options = Options::default().request_deadline(Duration::from_millis(50));
    let site = Site::on(options, held.clone()).await;
    let issued = site.authority.issue(&TestLeaf::new(&["www.example.com"]));
    let refused = site.upload_with(&issued, json!({})).await;
    refused.is_refused(503, 503, "took_too_long");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(site.get("/sslcert").await.json["certs"], json!([]));
    held.let_go.add_permits(100);
    assert_eq!(site.upload_with(&issued, json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_owner_has_a_rate() {
    let (rate, burst) = (NonZeroU32::new(1).unwrap(), NonZeroU32::new(3).unwrap());
    let site = Site::new(Options::default().rate(rate, burst)).await;
    for _ in 0..3 {
        assert_eq!(site.get("/sslcert").await.status, StatusCode::OK);
    }
    let refused = site.get("/sslcert").await;
    refused.is_refused(429, 429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    let of_bob = site.send(Request::get("/sslcert").by("bob")).await;
    assert_eq!(of_bob.status, StatusCode::OK, "another owner has a rate of his own");
    assert_eq!(site.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn slow_bodies_hold_up_nobody() {
    let site = Arc::new(Site::new(Options::default().max_requests(2)).await);
    let slow = |site: &Arc<Site>| {
        let mut request = Request::new("POST", "/sslcert");
        *request.0.body_mut() =
            Body::from_stream(futures_util::stream::pending::<Result<&[u8], std::io::Error>>());
        let site = Arc::clone(site);
        tokio::spawn(async move { site.send(request).await })
    };
    let waiting = [slow(&site), slow(&site)];
    tokio::task::yield_now().await;
    let id = "5cd118063405971836000359";
    assert_eq!(site.get("/sslcert").await.status, StatusCode::OK);
    site.get(&format!("/sslcert/{id}")).await.is_refused(400, 400_401, "not_found");
    // Two are as many as may be on their way.
    site.post("/sslcert", &json!({})).await.is_refused(503, 503, "busy");
    waiting.each_ref().iter().for_each(|waiting| waiting.abort());
    for waiting in waiting {
        assert!(waiting.await.is_err());
    }
    site.post("/sslcert", &json!({})).await.is_refused(404, 404_906, "empty");
}
