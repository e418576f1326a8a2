//! On whose behalf a request acts.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use cert_service::Caller;

use crate::failure::Failure;

/// The caller; for an operator, on behalf of the owner that `?owner=` names.
pub(crate) struct Sender(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or(Failure::BadToken)?;
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let owner = query.ok().and_then(|Query(pairs)| {
            pairs
                .into_iter()
                .find_map(|(name, value)| (name == "owner" && !value.is_empty()).then_some(value))
        });
        match owner {
            Some(owner) => Ok(Self(caller.acting_for(&owner)?)),
            None => Ok(Self(caller)),
        }
    }
}
