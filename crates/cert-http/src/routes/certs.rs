//! The calls on certificates.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use cert_core::Language;
use cert_store::CertId;
use zeroize::Zeroizing;

use crate::{body, failure::Failure, options::ApiState, reply, wire};

use super::{query::ListQuery, sender::Sender};

/// `POST /sslcert`.
pub(crate) async fn create(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let upload = read_upload(&state, &headers, body).await?;
    let uploaded = state.certs.upload(&caller, upload).await?;
    Ok(reply::ok(wire::Created::new(&uploaded, language(&headers))))
}

/// `GET /sslcert`.
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

/// `GET /sslcert/<id>`.
pub(crate) async fn read(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id)?;
    let record = state.certs.get(&caller, id).await?;
    let key = if state.exposes_private_keys() {
        state.certs.private_key(&caller, id).await?.secret_pem()
    } else {
        Zeroizing::default()
    };
    let mut response = reply::ok(wire::Detail::new(&record, &key));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", record.generation.0)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response.into_response())
}

/// `DELETE /sslcert/<id>`.
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    state.certs.delete(&caller, parse_id(&id)?).await?;
    Ok(reply::ok(wire::Nothing {}))
}

/// `POST /sslcert/inspect`, ours: judges and stores nothing.
pub(crate) async fn inspect(
    State(state): State<ApiState>,
    Sender(caller): Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let upload = read_upload(&state, &headers, body).await?;
    let report = state.certs.inspect(&caller, upload).await?;
    Ok(reply::ok(wire::Inspected::new(&report, language(&headers))))
}

async fn read_upload(
    state: &ApiState,
    headers: &HeaderMap,
    body: Body,
) -> Result<cert_service::Upload, Failure> {
    let body = body::read(headers, body, state.body_limits()).await?;
    wire::UploadRequest::parse(&body)?.into_upload()
}

/// A text that is no id names no certificate.
fn parse_id(text: &str) -> Result<CertId, Failure> {
    text.parse().map_err(|_| Failure::NoSuchCertificate)
}

fn language(headers: &HeaderMap) -> Language {
    reply::language(headers)
}
