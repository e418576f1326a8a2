//! The API inside somebody else's axum application, with that application's own authentication.
//!
//! ```sh
//! cargo run -p cert-http --example nested --features cert-service/testing
//! curl -H 'Authorization: Bearer alice-session' http://127.0.0.1:3000/certificates/sslcert
//! ```

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use cert_http::Options;
use cert_service::{Caller, CertService};

/// Who is logged in, as an application knows it: here a table, elsewhere cookies, OAuth or a header of a gateway.
pub(crate) type Sessions = Arc<HashMap<String, String>>;

/// The application: pages of its own, and the API below `/certificates` for whoever is logged in.
pub(crate) fn application(certs: CertService, sessions: Sessions) -> Router {
    let api = cert_http::router(certs, Options::default().expose_private_keys(false))
        .layer(middleware::from_fn_with_state(sessions, logged_in));
    Router::new().route("/", get(async || "The application's own page.")).nest("/certificates", api)
}

/// Puts the caller into the request, which is all that the API asks of an application. Without one it answers 401.
async fn logged_in(
    State(sessions): State<Sessions>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let session = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let owner = session.and_then(|session| sessions.get(session.strip_prefix("Bearer ")?));
    if let Some(owner) = owner {
        let caller = Caller::tenant(owner).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        request.extensions_mut().insert(caller.known_as("web session"));
    }
    Ok(next.run(request).await)
}

#[tokio::main(flavor = "current_thread")]
#[allow(dead_code, reason = "a test takes the application from this file, and not its main function")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ring = cert_service::LocalKeyRing::ephemeral()?;
    let certs = CertService::builder(cert_store::MemoryStore::new(), ring).build().await?;
    let sessions = HashMap::from([("alice-session".to_owned(), "alice".to_owned())]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, application(certs, Arc::new(sessions))).await?)
}
