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

use tracing::Instrument as _;

use crate::{failure::Failure, observe, wire};

/// A success with the fields of `body`.
pub(crate) fn ok(body: impl Serialize) -> Response {
    Json(wire::Success::new(body)).into_response()
}

/// The outermost layer: names the request, survives panics, and writes refusals in the client's language.
pub(crate) async fn envelope(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = observe::route(&request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let language = language(request.headers());
    let id = request_id();

    // A panic in a handler unwinds through nothing of ours but this future, which is then dropped.
    let span = tracing::info_span!("request", id);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await;
    let mut code = None;
    let mut response = answer.unwrap_or_else(|_| Failure::Internal.into_response());
    if let Some(failure) = response.extensions_mut().remove::<Arc<Failure>>() {
        log_cause(&id, &failure);
        code = Some(failure.code());
        render(&mut response, &failure, language);
    }
    let status = response.status().as_u16();
    let code = code.unwrap_or_else(|| status.into());
    let elapsed = started.elapsed();
    observe::answered(&method, &route, code, elapsed);
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request = id, %method, path, status, code, elapsed_us, "answered");
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Clients take an answer without this header for a failure.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-reqid");

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

/// Writes the refusal in the place of what stood there. Headers stay: 405 names the methods that there are.
fn render(response: &mut Response, failure: &Failure, language: Language) {
    let rendered = (failure.status(), Json(wire::Refusal::new(failure, language))).into_response();
    let (mut parts, body) = rendered.into_parts();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            parts.headers.append(name, value.clone());
        }
    }
    if let Some(seconds) = failure.retry_after() {
        parts.headers.insert(header::RETRY_AFTER, seconds.into());
    }
    *response = Response::from_parts(parts, body);
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
