//! The calls on CDN domains.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use cert_service::{Caller, ServiceError};
use cert_store::{BindOptions, CertId, Slot, StoreError, Target};

use super::sender::Sender;
use crate::{failure::Failure, options::ApiState, reply, wire};

/// Show a CDN domain
#[utoipa::path(
    get, path = "/domain/{domain}", operation_id = "showDomain", tag = "domains",
    params(("domain" = String, Path, description = "The domain; a wildcard begins with its dot.")),
    responses((status = 200, description = "What it is bound to.", body = wire::Success<wire::Domain>))
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(domain): Path<String>,
) -> Result<Response, Failure> {
    let target = Target::cdn(wire::parse_domain(&domain)?);
    let primary = state.certs.binding(&caller, &target).await?;
    let alternate = state.certs.binding(&caller, &target.alternate()).await?;
    let shown = wire::Domain::new(primary.as_ref(), alternate.as_ref()).ok_or(Failure::NoSuchDomain)?;
    Ok(reply::ok(shown))
}

/// Bind a CDN domain to a certificate, or re-point it
#[utoipa::path(
    put, path = "/domain/{domain}/sslize", operation_id = "enableHttps", tag = "domains",
    params(("domain" = String, Path, description = "The domain; a wildcard begins with its dot.")),
    request_body = wire::BindDomain,
    responses((status = 200, description = "The certificate serves the domain.", body = wire::Success<wire::Previous>))
)]
pub(crate) async fn enable_https(
    state: State<ApiState>,
    sender: Sender,
    domain: Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    bind(state, sender, domain, body).await
}

/// Re-point a CDN domain to another certificate, or bind it
///
/// `POST` is what one manager of the official Python SDK sends.
#[utoipa::path(
    method(put, post), path = "/domain/{domain}/httpsconf", operation_id = "configureHttps", tag = "domains",
    params(("domain" = String, Path, description = "The domain; a wildcard begins with its dot.")),
    request_body = wire::BindDomain,
    responses((status = 200, description = "The certificate serves the domain.", body = wire::Success<wire::Previous>))
)]
pub(crate) async fn configure_https(
    state: State<ApiState>,
    sender: Sender,
    domain: Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    bind(state, sender, domain, body).await
}

async fn bind(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(domain): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let primary = Target::cdn(wire::parse_domain(&domain)?);
    let request = wire::BindDomain::parse(&body)?;
    let target = match request.slot {
        Some(Slot::Alternate) => primary.alternate(),
        Some(Slot::Primary) | None => primary,
    };
    let standing = standing_options(&state, &caller, &target).await?;
    let options = request.options(standing);
    let previous = bind_to(&state, &caller, request.certificate, &target, options).await?;
    Ok(reply::ok(wire::Previous::new(previous)))
}

/// What the owner wanted for the domain before; another owner's wishes are none.
async fn standing_options(
    state: &ApiState,
    caller: &Caller,
    target: &Target,
) -> Result<BindOptions, Failure> {
    match state.certs.binding(caller, target).await {
        Ok(bound) => Ok(bound.map(|bound| bound.options).unwrap_or_default()),
        Err(ServiceError::Store(StoreError::BoundElsewhere { .. })) => Ok(BindOptions::default()),
        Err(error) => Err(error.into()),
    }
}

/// Binds, and names what the certificate does cover where it does not cover the domain.
pub(super) async fn bind_to(
    state: &ApiState,
    caller: &Caller,
    id: CertId,
    target: &Target,
    options: BindOptions,
) -> Result<Option<CertId>, Failure> {
    match state.certs.bind(caller, id, target, options).await {
        Err(ServiceError::Store(StoreError::NotCovered { id, domain })) => {
            let record = state.certs.get(caller, id).await?;
            Err(Failure::NotCovered {
                domain: domain.to_string(),
                names: record.summary.leaf.dns_names.clone(),
            })
        }
        bound => Ok(bound?),
    }
}

/// Free a CDN domain
#[utoipa::path(
    put, path = "/domain/{domain}/unsslize", operation_id = "disableHttps", tag = "domains",
    params(("domain" = String, Path, description = "The domain; a wildcard begins with its dot.")),
    request_body = Option<wire::Freeing>,
    responses((status = 200, description = "Nothing serves the domain.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn disable_https(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(domain): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let primary = Target::cdn(wire::parse_domain(&domain)?);
    let slot = wire::Freeing::parse(&body)?.slot;
    if slot != Some(Slot::Alternate) {
        state.certs.unbind(&caller, &primary).await?;
    }
    if slot != Some(Slot::Primary) {
        state.certs.unbind(&caller, &primary.alternate()).await?;
    }
    Ok(reply::ok(wire::Nothing {}))
}
