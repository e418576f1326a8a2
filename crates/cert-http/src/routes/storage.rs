//! The calls on storage domains.

use axum::{body::Bytes, extract::State, response::Response};
use cert_store::{BindOptions, PageSize, Slot, Target, TargetKind};

use super::{domains::bind_to, sender::Sender};
use crate::{failure::Failure, options::ApiState, reply, wire};

/// Bind a storage domain to a certificate, or re-point it
#[utoipa::path(
    method(put, post), path = "/cert/bind", operation_id = "bindStorage", tag = "domains",
    request_body = wire::BindStorage,
    responses((status = 200, description = "The certificate serves the domain.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn bind(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    body: Bytes,
) -> Result<Response, Failure> {
    let request = wire::BindStorage::parse(&body)?;
    let target = Target::storage(request.domain);
    bind_to(&state, &caller, request.certificate, &target, BindOptions::default()).await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// Free a storage domain
#[utoipa::path(
    method(put, post), path = "/cert/unbind", operation_id = "unbindStorage", tag = "certkeep",
    request_body = wire::UnbindStorage,
    responses((status = 200, description = "Nothing serves the domain.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn unbind(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    body: Bytes,
) -> Result<Response, Failure> {
    let target = Target::storage(wire::UnbindStorage::parse(&body)?.domain);
    state.certs.unbind(&caller, &target).await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// List the storage domains that are bound
#[utoipa::path(
    get, path = "/cert/bindings", operation_id = "listStorageBindings", tag = "domains",
    responses((status = 200, description = "All of them.", body = wire::Success<wire::StorageBindings>))
)]
pub(crate) async fn list(State(state): State<ApiState>, Sender(caller): Sender) -> Result<Response, Failure> {
    let (mut bindings, mut after) = (Vec::new(), None);
    loop {
        let page = state.certs.bound_by(&caller, after.as_ref(), PageSize::MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.target.clone());
        let is_listed = |target: &Target| target.kind == TargetKind::Storage && target.slot == Slot::Primary;
        bindings.extend(page.into_iter().filter(|bound| is_listed(&bound.target)));
    }
    Ok(reply::ok(wire::StorageBindings::from_iter(bindings)))
}
