//! What a request must pass before its call: who sent it, and the limits.

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{OriginalUri, Request},
    http::{header, uri::PathAndQuery},
};
use cert_service::Caller;
use tokio::sync::SemaphorePermit;

use crate::{
    auth::{Authenticator, SignedRequest},
    failure::Failure,
    options::ApiState,
};

/// Lets a request in whose caller is known and within the limits: its rate, its body, the calls at once. The place is
/// kept as long as the permit.
pub(crate) async fn admit(
    state: &ApiState,
    request: Request,
) -> Result<(Request, SemaphorePermit<'_>), Failure> {
    let request = authenticate(state, request).await?;
    if let Some(caller) = request.extensions().get::<Caller>() {
        state.gate.count(caller)?;
    }
    let has_body = !request.body().is_end_stream();
    let request = if has_body {
        let (parts, body) = request.into_parts();
        let body = state.gate.read(&parts.headers, body).await?;
        Request::from_parts(parts, Body::from(body))
    } else {
        request
    };
    Ok((request, state.gate.enter(has_body)?))
}

/// The request with its caller, who sent it for all that is known.
async fn authenticate(state: &ApiState, request: Request) -> Result<Request, Failure> {
    match state.authenticator() {
        Some(authenticator) => verify(state, authenticator, request).await,
        None if request.extensions().get::<Caller>().is_some() => Ok(request),
        None => Err(Failure::BadToken),
    }
}

async fn verify(
    state: &ApiState,
    authenticator: &Authenticator,
    request: Request,
) -> Result<Request, Failure> {
    let claim = authenticator.claim(request.headers()).ok_or(Failure::BadToken)?;
    let (mut parts, mut body) = request.into_parts();
    let mut signed_body = Bytes::new();
    if claim.covers_body(&parts.headers) {
        signed_body = state.gate.read(&parts.headers, body).await?;
        body = Body::from(signed_body.clone());
    }
    // A router that nests this one shortens the path, and clients sign the whole.
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let caller = claim.verify(&SignedRequest {
        method: &parts.method,
        target: uri.path_and_query().map_or("/", PathAndQuery::as_str),
        host: host.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default(),
        headers: &parts.headers,
        body: &signed_body,
    });
    parts.extensions.insert(caller.ok_or(Failure::BadToken)?);
    Ok(Request::from_parts(parts, body))
}
