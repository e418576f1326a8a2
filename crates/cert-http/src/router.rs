//! The calls, and the layers around them.

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{OriginalUri, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use cert_service::{Caller, CertService};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{Authenticator, SignedRequest},
    description,
    failure::Failure,
    options::{ApiState, Options},
    reply,
    routes::{admin, certs, domains, meta, storage},
};

/// The API as a router, to be served or nested.
pub fn router(certs: CertService, options: Options) -> Router {
    let state = ApiState::new(certs, options);
    let (signed, _) = signed_calls().split_for_parts();
    let signed = signed
        .route_layer(middleware::from_fn_with_state(state.clone(), admit))
        .route_layer(middleware::from_fn_with_state(state.clone(), authenticate));
    let (unsigned, _) = unsigned_calls().split_for_parts();
    Router::new()
        .merge(signed)
        .merge(unsigned)
        .fallback(async || Failure::NoSuchCall)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .layer(middleware::from_fn(reply::envelope))
        .with_state(state)
}

/// The API's description, which `GET /openapi.json` gives.
pub fn openapi() -> OpenApi {
    let (signed, unsigned) = (signed_calls().into_openapi(), unsigned_calls().into_openapi());
    description::describe(signed, unsigned)
}

fn signed_calls() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(certs::list, certs::create))
        .routes(routes!(certs::inspect))
        .routes(routes!(certs::read, certs::replace, certs::delete))
        .routes(routes!(certs::rollback))
        .routes(routes!(certs::bindings))
        .routes(routes!(domains::show))
        .routes(routes!(domains::enable_https))
        .routes(routes!(domains::configure_https))
        .routes(routes!(domains::disable_https))
        .routes(routes!(storage::bind))
        .routes(routes!(storage::unbind))
        .routes(routes!(storage::list))
        .routes(routes!(admin::expiring))
        .routes(routes!(admin::rewrap))
        .routes(routes!(admin::retire))
        .routes(routes!(admin::move_domain))
}

fn unsigned_calls() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(meta::healthz))
        .routes(routes!(meta::readyz))
        .routes(routes!(meta::metrics))
        .routes(routes!(meta::openapi_json))
}

/// Lets a request pass that somebody is known to have sent.
async fn authenticate(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let admitted = match state.authenticator() {
        Some(authenticator) => verify(&state, authenticator, request).await,
        None if request.extensions().get::<Caller>().is_some() => Ok(request),
        None => Err(Failure::BadToken),
    };
    match admitted {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

async fn verify(
    state: &ApiState,
    authenticator: &Authenticator,
    request: Request,
) -> Result<Request, Failure> {
    let claim = authenticator.claim(request.headers()).ok_or(Failure::BadToken)?;
    let (mut parts, mut body) = request.into_parts();
    let mut signed_body = axum::body::Bytes::new();
    if claim.covers_body(&parts.headers) {
        signed_body = state.gate.read(&parts.headers, body).await?;
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

/// Holds a known caller's request to the limits: its rate, its body, the calls at once, the time that one may take.
async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match prepare(&state, request).await {
        Err(failure) => failure.into_response(),
        Ok((request, _place)) => tokio::time::timeout(state.deadline(), next.run(request))
            .await
            .unwrap_or_else(|_| Failure::TookTooLong.into_response()),
    }
}

async fn prepare(
    state: &ApiState,
    request: Request,
) -> Result<(Request, tokio::sync::OwnedSemaphorePermit), Failure> {
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
