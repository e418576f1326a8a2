//! The calls, and the layers around them.

use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cert_service::{Caller, CertService};

use crate::{
    auth::{Authenticator, SignedRequest},
    body::{self, Limits},
    failure::Failure,
    options::{ApiState, Options},
    reply,
    routes::{certs, meta},
};

/// The API as a router, to be served or nested.
pub fn router(certs: CertService, options: Options) -> Router {
    let state = ApiState::new(certs, options);
    let signed = Router::new()
        .route("/sslcert", get(certs::list).post(certs::create))
        .route("/sslcert/inspect", post(certs::inspect))
        .route("/sslcert/{id}", get(certs::read).delete(certs::delete))
        .route_layer(middleware::from_fn_with_state(state.clone(), authenticate));
    Router::new()
        .merge(signed)
        .route("/healthz", get(meta::healthz))
        .route("/readyz", get(meta::readyz))
        .fallback(async || Failure::NoSuchCall)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .layer(middleware::from_fn(reply::envelope))
        .with_state(state)
}

/// Lets a request pass that somebody is known to have sent.
async fn authenticate(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let admitted = match state.authenticator() {
        Some(authenticator) => verify(authenticator, request, state.body_limits()).await,
        None if request.extensions().get::<Caller>().is_some() => Ok(request),
        None => Err(Failure::BadToken),
    };
    match admitted {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

async fn verify(authenticator: &Authenticator, request: Request, limits: Limits) -> Result<Request, Failure> {
    let claim = authenticator.claim(request.headers()).ok_or(Failure::BadToken)?;
    let (mut parts, mut body) = request.into_parts();
    let mut signed_body = axum::body::Bytes::new();
    if claim.covers_body(&parts.headers) {
        signed_body = body::read(&parts.headers, body, limits).await?;
        body = Body::from(signed_body.clone());
    }
    // A router that nests this one shortens the path, and clients sign the whole.
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let caller = claim.verify(&SignedRequest {
        method: &parts.method,
        target: uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str),
        host: host.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default(),
        headers: &parts.headers,
        body: &signed_body,
    });
    parts.extensions.insert(caller.ok_or(Failure::BadToken)?);
    Ok(Request::from_parts(parts, body))
}
