//! The SSL certificate API over HTTP: an axum [`Router`](axum::Router) around a
//! [`CertService`](cert_service::CertService).
//!
//! The calls, their fields and their codes are those of Qiniu's API, which many clients speak; what is ours beside
//! them is marked so. [`router`] can stand alone or be nested in somebody else's application:
//!
//! ```
//! use axum::{Router, middleware};
//! use cert_http::Options;
//! use cert_service::{Caller, CertService};
//!
//! /// The embedder's own authentication: it puts a [`Caller`] into the request's extensions.
//! async fn own_authentication(
//!     mut request: axum::extract::Request,
//!     next: middleware::Next,
//! ) -> axum::response::Response {
//!     request.extensions_mut().insert(Caller::tenant("alice").expect("a short name"));
//!     next.run(request).await
//! }
//!
//! fn application(certs: CertService) -> Router {
//!     Router::new()
//!         .nest("/certificates", cert_http::router(certs, Options::default()))
//!         .layer(middleware::from_fn(own_authentication))
//! }
//! ```
//!
//! With [`Options::authenticator`] the router checks the signatures of the API itself instead.
//!
//! It deliberately does not terminate TLS, and does not log bodies.

mod admission;
mod auth;
mod body;
mod description;
mod envelope;
mod failure;
mod gate;
mod observe;
mod options;
mod reply;
mod request_id;
mod router;
mod routes;
mod wire;

pub use auth::{Authenticator, Credential, Credentials, Scheme, sign_qbox};
pub use options::Options;
pub use router::{openapi, router};
