//! Ours: how the server is, for whoever watches it. Unsigned.

use axum::{extract::State, response::Response};

use crate::{failure::Failure, options::ApiState, reply, wire};

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> Response {
    reply::ok(wire::Nothing {})
}

/// `GET /readyz`: the store answers too.
pub(crate) async fn readyz(State(state): State<ApiState>) -> Result<Response, Failure> {
    state.certs.ready().await?;
    Ok(reply::ok(wire::Nothing {}))
}
