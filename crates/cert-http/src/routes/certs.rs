//! The calls on certificates.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use cert_service::Upload;
use cert_store::CertId;

use super::{precondition::IfMatch, query::ListQuery, sender::Sender};
use crate::{failure::Failure, observe, options::ApiState, reply, wire};

/// Store a certificate and its key
#[utoipa::path(
    post, path = "/sslcert", operation_id = "createCertificate", tag = "certificates",
    request_body = wire::UploadRequest,
    responses((status = 200, description = "The certificate is stored, or was before.", body = wire::Success<wire::Created>))
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let upload = parse_upload(&state, body).await?;
    let outcome = state.certs.upload(&caller, upload).await;
    observe::verdict(outcome.as_ref().err());
    Ok(reply::ok(wire::Created::new(&outcome?, reply::language(&headers))))
}

/// List certificates, oldest first
#[utoipa::path(
    get, path = "/sslcert", operation_id = "listCertificates", tag = "certificates",
    params(
        ("marker" = Option<String>, Query, description = "Where to go on: the marker of the page before; empty for the start."),
        ("limit" = Option<String>, Query, description = "How many at most, 100 by default; a number above 1000 is capped."),
        ("domain" = Option<String>, Query, description = "Ours: only those that cover this domain. One filter a call."),
        ("fingerprint" = Option<String>, Query, description = "Ours: only the one whose leaf has this SHA-256, in hex."),
        ("label" = Option<String>, Query, description = "Ours: only those with this label, as key:value."),
    ),
    responses((status = 200, description = "A page; an empty one is the end.", body = wire::Success<wire::List<'_>>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    query: ListQuery,
) -> Result<Response, Failure> {
    let ListQuery { marker, size, filter } = query;
    let page = match filter {
        None => state.certs.page(&caller, marker.as_deref(), size).await?,
        Some(by) => state.certs.find(&caller, &by, marker.as_deref(), size).await?,
    };
    Ok(reply::ok(wire::List::new(&page)))
}

/// Read a certificate with its chain and key
#[utoipa::path(
    get, path = "/sslcert/{id}", operation_id = "readCertificate", tag = "certificates",
    params(("id" = String, Path, description = "The certificate's id.")),
    responses((
        status = 200, description = "The certificate.", body = wire::Success<wire::Detail<'_>>,
        headers(("ETag" = String, description = "Ours: the generation in quotes, for `If-Match`."))
    ))
)]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id)?;
    let (record, key) = if state.exposes_private_keys() {
        let (record, key) = state.certs.get_with_key(&caller, id).await?;
        (record, Some(key))
    } else {
        (state.certs.get(&caller, id).await?, None)
    };
    let json = wire::Detail::json(&record, key.as_ref()).map_err(|_| Failure::Internal)?;
    let mut response = reply::json(json);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", record.summary.generation.0)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Replace a certificate under its id
///
/// Its domains are served by the new version from then on. The version before is kept for a rollback. The name stays,
/// and so do labels where none are sent; with the content that stands already, other labels alone are replaced.
#[utoipa::path(
    put, path = "/sslcert/{id}", operation_id = "replaceCertificate", tag = "certkeep",
    params(
        ("id" = String, Path, description = "The certificate's id."),
        ("If-Match" = Option<String>, Header, description = "The generation in quotes that must stand."),
    ),
    request_body = wire::UploadRequest,
    responses((status = 200, description = "The new version stands.", body = wire::Success<wire::Versioned>))
)]
pub(crate) async fn replace(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let id = parse_id(&id)?;
    let upload = parse_upload(&state, body).await?;
    let outcome = state.certs.replace(&caller, id, upload, expected).await;
    observe::verdict(outcome.as_ref().err());
    Ok(reply::ok(wire::Versioned::replaced(&outcome?, reply::language(&headers))))
}

/// Bring the previous version back
#[utoipa::path(
    post, path = "/sslcert/{id}/rollback", operation_id = "rollbackCertificate", tag = "certkeep",
    params(
        ("id" = String, Path, description = "The certificate's id."),
        ("If-Match" = Option<String>, Header, description = "The generation in quotes that must stand."),
    ),
    responses((status = 200, description = "The previous version stands, as the next generation.", body = wire::Success<wire::Versioned>))
)]
pub(crate) async fn rollback(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Failure> {
    let generation = state.certs.rollback(&caller, parse_id(&id)?, expected).await?;
    Ok(reply::ok(wire::Versioned::rolled_back(generation)))
}

/// Delete a certificate and its key
///
/// It is refused with 400611 or 400911 while a domain uses it.
#[utoipa::path(
    delete, path = "/sslcert/{id}", operation_id = "deleteCertificate", tag = "certificates",
    params(("id" = String, Path, description = "The certificate's id.")),
    responses((status = 200, description = "It is gone.", body = wire::Success<wire::Nothing>))
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    state.certs.delete(&caller, parse_id(&id)?).await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// List the domains that a certificate serves
#[utoipa::path(
    get, path = "/sslcert/{id}/bindings", operation_id = "listCertificateBindings", tag = "certkeep",
    params(("id" = String, Path, description = "The certificate's id.")),
    responses((status = 200, description = "Its domains.", body = wire::Success<wire::DomainBindings>))
)]
pub(crate) async fn bindings(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let bindings = state.certs.bindings(&caller, parse_id(&id)?).await?;
    Ok(reply::ok(wire::DomainBindings::new(&bindings)))
}

/// Judge an upload and store nothing
#[utoipa::path(
    post, path = "/sslcert/inspect", operation_id = "inspectCertificate", tag = "certkeep",
    request_body = wire::UploadRequest,
    responses((status = 200, description = "What was found, whether it would be accepted or not.", body = wire::Success<wire::Inspected<'_>>))
)]
pub(crate) async fn inspect(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let upload = parse_upload(&state, body).await?;
    let report = state.certs.inspect(&caller, upload).await?;
    Ok(reply::ok(wire::Inspected::new(&report, reply::language(&headers))))
}

/// An upload, parsed where it does not stand in the way of others.
async fn parse_upload(state: &ApiState, body: Bytes) -> Result<Upload, Failure> {
    let is_short = body.len() <= SHORT;
    let parse = move || wire::UploadRequest::parse(&body)?.into_upload();
    if is_short { parse() } else { state.certs.compute(parse).await? }
}

/// Up to here, handing the work over takes longer than doing it.
const SHORT: usize = 16 * 1024;

/// A text that is no id names no certificate.
fn parse_id(text: &str) -> Result<CertId, Failure> {
    text.parse().map_err(|_| Failure::NoSuchCertificate)
}
