//! Why there is no certificate for a client.

use std::sync::Arc;

use cert_service::ServiceError;
use cert_store::{CertId, Generation};

/// Why a certificate could not be loaded. The clients that waited for one share its error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The provider does not take the private key.
    #[error("the cryptographic provider does not take the private key of certificate {id}")]
    Key {
        /// The certificate.
        id: CertId,
        /// What the provider said.
        #[source]
        source: rustls::Error,
    },
    /// The store has an earlier version than was seen: it was put back to an earlier state, or it lags behind.
    #[error("the store has generation {} of certificate {id}, and {} was seen before", found.0, seen.0)]
    Outdated {
        /// The certificate.
        id: CertId,
        /// The generation that was seen.
        seen: Generation,
        /// The one that the store has.
        found: Generation,
    },
    /// The store or the key ring did not give it.
    #[error("the certificate is not to be had")]
    Service(#[source] Arc<ServiceError>),
    /// Nothing is bound to the name that the client asks for, and there is no default.
    #[error("no certificate is bound to the name")]
    UnknownName,
}

impl LoadError {
    pub(crate) fn service(error: ServiceError) -> Self {
        Self::Service(Arc::new(error))
    }
}
