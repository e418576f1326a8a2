//! What every answer has: a JSON body, and a language.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use cert_core::Language;
use cert_service::with_causes;
use serde::Serialize;

use crate::{failure::Failure, wire};

/// A success with the fields of `body`.
pub(crate) fn ok(body: impl Serialize) -> Response {
    Json(wire::Success::new(body)).into_response()
}

/// A success whose JSON is there already.
pub(crate) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

pub(crate) fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.map_or(Language::En, Language::preferred)
}

/// Writes the refusal in the place of what stood there. Headers stay: 405 names the methods that there are.
pub(crate) fn render(response: &mut Response, failure: &Failure, language: Language) {
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
pub(crate) fn log_cause(id: &str, failure: &Failure) {
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
