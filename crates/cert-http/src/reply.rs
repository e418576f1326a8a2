//! What every answer has: an id, a JSON body, and a language.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use aws_lc_rs::rand;
use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cert_core::Language;
use cert_service::with_causes;
use futures_util::FutureExt as _;
use serde::Serialize;

use crate::{failure::Failure, wire};

/// A success with the fields of `body`.
pub(crate) fn ok(body: impl Serialize) -> Response {
    Json(wire::Success::new(body)).into_response()
}

/// The outermost layer: names the request, survives panics, and writes refusals in the client's language.
pub(crate) async fn envelope(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let language = language(request.headers());
    let id = request_id();

    // A panic in a handler unwinds through nothing of ours but this future, which is then dropped.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|_| Failure::Internal.into_response());
    if let Some(failure) = response.extensions_mut().remove::<Arc<Failure>>() {
        log_cause(&id, &failure);
        response = render(&failure, language);
    }
    let status = response.status().as_u16();
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request = id, %method, path, status, elapsed_us, "answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Clients take an answer without this header for a failure.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-reqid");
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

pub(crate) fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.map_or(Language::En, Language::preferred)
}

fn request_id() -> String {
    let mut bytes = [0; 12];
    // An id that is not random is still an id: the answer matters more.
    let _ = rand::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn render(failure: &Failure, language: Language) -> Response {
    let status = failure.status();
    let mut response = (status, Json(wire::Refusal::new(failure, language))).into_response();
    if status.as_u16() == 503 {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

/// What the operator must know and the client must not.
fn log_cause(id: &str, failure: &Failure) {
    if !failure.status().is_server_error() {
        return;
    }
    match failure {
        Failure::Service(error) => {
            tracing::error!(request = id, cause = with_causes(error), "request failed");
        }
        other => tracing::error!(request = id, cause = ?other, "request failed"),
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
