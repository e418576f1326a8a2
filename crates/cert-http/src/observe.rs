//! What is counted, through the `metrics` facade. Without a recorder it costs nothing; no label comes from a client.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
};
use cert_core::Explain as _;
use cert_service::ServiceError;

/// The path of a call as it is documented, so that there is one series a call and not one an id.
pub(crate) fn route(request: &Request) -> String {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned())
}

/// A request was answered.
pub(crate) fn answered(method: &Method, route: &str, code: u32, elapsed: Duration) {
    // A method is a client's to make up.
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let (route, code) = (route.to_owned(), code.to_string());
    metrics::counter!("certkeep_http_requests_total", "method" => method, "route" => route.clone(), "code" => code)
        .increment(1);
    metrics::histogram!("certkeep_http_request_seconds", "method" => method, "route" => route)
        .record(elapsed);
}

/// An upload was accepted, or refused for this.
pub(crate) fn verdict(refused: Option<&ServiceError>) {
    let rule = refused.map_or("accepted", |error| error.rule());
    metrics::counter!("certkeep_upload_verdicts_total", "rule" => rule).increment(1);
}
