//! The calls of operators, which concern all owners.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{body::Bytes, extract::State, response::Response};
use cert_service::Rewrapped;

use super::{query::ExpiringQuery, sender::Sender};
use crate::{failure::Failure, options::ApiState, reply, wire};

/// List the certificates that end before an instant, soonest first
#[utoipa::path(
    get, path = "/admin/expiring", operation_id = "listExpiring", tag = "certkeep",
    params(
        ("before" = String, Query, description = "The instant, in seconds since 1970."),
        ("marker" = Option<String>, Query, description = "Where to go on: the marker of the page before."),
        ("limit" = Option<String>, Query, description = "How many at most, 100 by default; a number above 1000 is capped."),
    ),
    responses((status = 200, description = "A page; an empty one is the end.", body = wire::Success<wire::ExpiringList<'_>>))
)]
pub(crate) async fn expiring(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    query: ExpiringQuery,
) -> Result<Response, Failure> {
    let ExpiringQuery { before, marker, size } = query;
    let page = state.certs.expiring(&caller, before, marker.as_deref(), size).await?;
    Ok(reply::ok(wire::ExpiringList::new(&page)))
}

/// Wrap every key anew that is under a key-encryption key
///
/// It works for a while and says whether it came to the end; called again, it goes on.
#[utoipa::path(
    post, path = "/admin/rewrap", operation_id = "rewrap", tag = "certkeep",
    request_body = wire::Rewrap,
    responses((status = 200, description = "How far it has come.", body = wire::Success<wire::RewrapProgress>))
)]
pub(crate) async fn rewrap(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    body: Bytes,
) -> Result<Response, Failure> {
    let from = wire::Rewrap::parse(&body)?.from;
    let so_far = Arc::new(Mutex::new(Rewrapped::default()));
    let told = Arc::clone(&so_far);
    let mut progress = move |done| *told.lock().unwrap_or_else(PoisonError::into_inner) = done;
    // Half of what the call may take: what was wrapped stays so, and the client learns how far it came.
    let walk = state.certs.rewrap(&caller, &from, &mut progress);
    let (done, complete) = match tokio::time::timeout(state.deadline() / 2, walk).await {
        Ok(done) => (done?, true),
        Err(_) => (*so_far.lock().unwrap_or_else(PoisonError::into_inner), false),
    };
    Ok(reply::ok(wire::RewrapProgress::new(done, complete)))
}

/// Retire a key-encryption key for good
#[utoipa::path(
    post, path = "/admin/retire", operation_id = "retire", tag = "certkeep",
    request_body = wire::Retire,
    responses((status = 200, description = "Nothing is or ever will be sealed under it.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn retire(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    body: Bytes,
) -> Result<Response, Failure> {
    state.certs.retire(&caller, &wire::Retire::parse(&body)?.kek).await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// Move a domain to another owner's certificate
#[utoipa::path(
    post, path = "/admin/move", operation_id = "moveDomain", tag = "certkeep",
    request_body = wire::Move,
    responses((status = 200, description = "The new certificate serves the domain.", body = wire::Success<wire::Moved>))
)]
pub(crate) async fn move_domain(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    body: Bytes,
) -> Result<Response, Failure> {
    let request = wire::Move::parse(&body)?;
    let target = request.target();
    let previous =
        state.certs.move_binding(&caller, &target, &request.from_owner, request.certificate).await?;
    Ok(reply::ok(wire::Moved::new(previous)))
}
