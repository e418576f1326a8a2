//! Ours: how the server is, for whoever watches it. Unsigned.

use std::sync::LazyLock;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};

use crate::{failure::Failure, options::ApiState, reply, wire};

/// Whether the process answers
#[utoipa::path(
    get, path = "/healthz", operation_id = "health", tag = "certkeep",
    responses((status = 200, description = "It does.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn healthz() -> Response {
    reply::ok(wire::Nothing {})
}

/// Whether the store answers too
#[utoipa::path(
    get, path = "/readyz", operation_id = "readiness", tag = "certkeep",
    responses((status = 200, description = "It does.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn readyz(State(state): State<ApiState>) -> Result<Response, Failure> {
    state.certs.ready().await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// Counters and gauges for Prometheus
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "certkeep",
    responses((status = 200, description = "The text format of Prometheus.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(state): State<ApiState>) -> Result<Response, Failure> {
    let text = state.metrics().ok_or(Failure::NoSuchCall)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// This description
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "certkeep",
    responses((status = 200, description = "OpenAPI.", body = serde_json::Value, content_type = "application/json"))
)]
pub(crate) async fn openapi_json() -> Result<Response, Failure> {
    static DOCUMENT: LazyLock<Option<String>> =
        LazyLock::new(|| serde_json::to_string(&crate::openapi()).ok());
    let text = DOCUMENT.as_deref().ok_or(Failure::Internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
