//! Where embedders differ, and what the handlers share.

use std::{num::NonZeroU32, ops::Deref, sync::Arc, time::Duration};

use cert_service::CertService;

use crate::{auth::Authenticator, body::Limits, gate::Gate};

/// How the API behaves where embedders differ.
#[derive(Clone)]
#[must_use]
pub struct Options {
    authenticator: Option<Authenticator>,
    expose_private_keys: bool,
    body: Limits,
    deadline: Duration,
    max_requests: usize,
    rate: Option<Rate>,
    metrics: Option<Render>,
}

/// How many requests a caller may send: this many a second, and this many at once after a pause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: NonZeroU32,
    pub(crate) burst: NonZeroU32,
}

type Render = Arc<dyn Fn() -> String + Send + Sync>;

impl Options {
    /// Checks the API's own signatures. Without it, a layer around the router must put a
    /// [`Caller`](cert_service::Caller) into the request's extensions; requests without one are refused with 401.
    pub fn authenticator(mut self, authenticator: Authenticator) -> Self {
        self.authenticator = Some(authenticator);
        self
    }

    /// Whether reading a certificate returns its private key, as the API says. On by default.
    pub const fn expose_private_keys(mut self, expose: bool) -> Self {
        self.expose_private_keys = expose;
        self
    }

    /// Bytes that a body may have; 1 MiB by default.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.body.max = bytes;
        self
    }

    /// How long a body may take to come; 30 seconds by default.
    pub const fn body_deadline(mut self, deadline: Duration) -> Self {
        self.body.deadline = deadline;
        self
    }

    /// How long a call may take once its body is there; 30 seconds by default. What takes longer is given up and
    /// answered with 503.
    pub const fn request_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many calls run at once, and half as many that have a body; 512 by default. One more is refused with 503 and
    /// `Retry-After`. Bodies that are still coming do not count, so that slow clients hold up nobody; of them there are
    /// at most as many again.
    pub const fn max_requests(mut self, requests: usize) -> Self {
        self.max_requests = if requests == 0 { 1 } else { requests };
        self
    }

    /// How many requests an owner may send a second, and how many at once after a pause. One more is refused with 429
    /// and `Retry-After`. Unlimited by default.
    pub const fn rate(mut self, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        self.rate = Some(Rate { per_second, burst });
        self
    }

    /// Answers `GET /metrics` with what `render` gives: the text format of Prometheus. The router counts through the
    /// `metrics` facade, whose recorder is the program's to install, before the first request. Without this there is no
    /// such call.
    pub fn metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.metrics = Some(Arc::new(render));
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            authenticator: None,
            expose_private_keys: true,
            body: Limits { max: 1024 * 1024, deadline: Duration::from_secs(30) },
            deadline: Duration::from_secs(30),
            max_requests: 512,
            rate: None,
            metrics: None,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("authenticator", &self.authenticator)
            .field("expose_private_keys", &self.expose_private_keys)
            .field("body", &self.body)
            .field("deadline", &self.deadline)
            .field("max_requests", &self.max_requests)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

/// What the handlers share. Clones are the same.
#[derive(Clone)]
pub(crate) struct ApiState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) certs: CertService,
    pub(crate) gate: Gate,
    options: Options,
}

impl ApiState {
    pub(crate) fn new(certs: CertService, options: Options) -> Self {
        let gate = Gate::new(options.max_requests, options.rate, options.body);
        Self(Arc::new(Shared { certs, gate, options }))
    }
}

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Shared {
    pub(crate) fn authenticator(&self) -> Option<&Authenticator> {
        self.options.authenticator.as_ref()
    }

    pub(crate) fn exposes_private_keys(&self) -> bool {
        self.options.expose_private_keys
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.options.deadline
    }

    /// The metrics as text, where they are given out.
    pub(crate) fn metrics(&self) -> Option<String> {
        self.options.metrics.as_ref().map(|render| render())
    }
}
