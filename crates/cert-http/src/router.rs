//! The calls, and the layers around them.

use axum::{Router, handler::Handler as _};
use cert_service::CertService;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    description,
    envelope::{Access, Envelope},
    failure::Failure,
    options::{ApiState, Options},
    routes::{admin, certs, domains, meta, storage},
};

/// The API as a router, to be served or nested.
pub fn router(certs: CertService, options: Options) -> Router {
    let state = ApiState::new(certs, options);
    let envelope = |access| Envelope::new(state.clone(), access);
    let (signed, _) = signed_calls().split_for_parts();
    let (unsigned, _) = unsigned_calls().split_for_parts();
    Router::new()
        .merge(signed.route_layer(envelope(Access::Known)))
        .merge(unsigned.route_layer(envelope(Access::Open)))
        .fallback((async || Failure::NoSuchCall).layer(envelope(Access::Open)))
        .method_not_allowed_fallback((async || Failure::MethodNotAllowed).layer(envelope(Access::Open)))
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
