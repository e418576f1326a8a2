//! Where embedders differ, and what the handlers share.

use std::{sync::Arc, time::Duration};

use cert_service::CertService;

use crate::{auth::Authenticator, body::Limits};

/// How the API behaves where embedders differ.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    authenticator: Option<Authenticator>,
    expose_private_keys: bool,
    body: Limits,
}

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
}

impl Default for Options {
    fn default() -> Self {
        let body = Limits { max: 1024 * 1024, deadline: Duration::from_secs(30) };
        Self { authenticator: None, expose_private_keys: true, body }
    }
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) certs: CertService,
    options: Arc<Options>,
}

impl ApiState {
    pub(crate) fn new(certs: CertService, options: Options) -> Self {
        Self { certs, options: Arc::new(options) }
    }

    pub(crate) fn authenticator(&self) -> Option<&Authenticator> {
        self.options.authenticator.as_ref()
    }

    pub(crate) fn exposes_private_keys(&self) -> bool {
        self.options.expose_private_keys
    }

    pub(crate) fn body_limits(&self) -> Limits {
        self.options.body
    }
}
