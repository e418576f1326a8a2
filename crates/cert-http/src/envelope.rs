//! The one layer around every call: it names the request, knows its caller, holds it to the limits, survives panics,
//! and has refusals written.
//!
//! One layer and not one for each of these: a layer costs every request a box for the service below it and one for
//! its future.

use std::{
    convert::Infallible,
    future::Future,
    mem,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, Method, Uri},
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::{admission, failure::Failure, observe::Numbers, options::ApiState, reply, request_id::RequestId};

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Open,
    /// A caller who is known, within the limits.
    Known,
}

/// Makes the layer of a call.
#[derive(Clone)]
pub(crate) struct Envelope {
    state: ApiState,
    access: Access,
}

impl Envelope {
    pub(crate) const fn new(state: ApiState, access: Access) -> Self {
        Self { state, access }
    }
}

impl<S> Layer<S> for Envelope {
    type Service = Enveloped<S>;

    fn layer(&self, call: S) -> Enveloped<S> {
        let Self { state, access } = self.clone();
        Enveloped { call, around: Arc::new(Around { state, access, numbers: Numbers::default() }) }
    }
}

/// A call within its envelope.
#[derive(Clone)]
pub(crate) struct Enveloped<S> {
    call: S,
    around: Arc<Around>,
}

impl<S> Service<Request> for Enveloped<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.call.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // What was polled for readiness is what must be called.
        let next = self.call.clone();
        let call = mem::replace(&mut self.call, next);
        let around = Arc::clone(&self.around);
        Box::pin(async move { Ok(around.answer(call, request).await) })
    }
}

struct Around {
    state: ApiState,
    access: Access,
    numbers: Numbers,
}

impl Around {
    async fn answer<S>(&self, call: S, request: Request) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let started = Instant::now();
        let (id, head) = (RequestId::next(), Head::of(&request));
        let language = reply::language(request.headers());

        // A panic in a handler unwinds through nothing of ours but this future, which is then dropped.
        let span = tracing::info_span!("request", id = id.as_str());
        let answer = AssertUnwindSafe(self.run(call, request)).catch_unwind().instrument(span).await;
        let mut response = answer.unwrap_or_else(|_| Failure::Internal.into_response());
        let mut code = None;
        if let Some(failure) = response.extensions_mut().remove::<Arc<Failure>>() {
            reply::log_cause(id.as_str(), &failure);
            code = Some(failure.code());
            reply::render(&mut response, &failure, language);
        }
        let status = response.status().as_u16();
        let code = code.unwrap_or_else(|| status.into());
        self.take_note(&id, &head, status, code, started);
        if let Some(id) = id.to_header() {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn run<S>(&self, mut call: S, request: Request) -> Response
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        if self.access == Access::Open {
            let Ok(response) = call.call(request).await;
            return response;
        }
        match admission::admit(&self.state, request).await {
            Err(failure) => failure.into_response(),
            Ok((request, _place)) => {
                match tokio::time::timeout(self.state.deadline(), call.call(request)).await {
                    Ok(Ok(response)) => response,
                    Err(_) => Failure::TookTooLong.into_response(),
                }
            }
        }
    }

    fn take_note(&self, id: &RequestId, head: &Head, status: u16, code: u32, started: Instant) {
        let elapsed = started.elapsed();
        self.numbers.answered(&head.method, head.route.as_ref().map(MatchedPath::as_str), code, elapsed);
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let (request, method, path) = (id.as_str(), head.method.as_str(), head.uri.path());
        tracing::info!(target: "cert_http", request, method, path, status, code, elapsed_us, "answered");
    }
}

/// What is said of a request when it has been answered, and it is gone.
struct Head {
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
}

impl Head {
    fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { method: request.method().clone(), uri: request.uri().clone(), route }
    }
}

/// Clients take an answer without this header for a failure.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-reqid");

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
