//! `If-Match`: the generation that a change is meant for.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use cert_store::Generation;

use crate::failure::Failure;

/// The generation that must stand; `None` where any may.
pub(crate) struct IfMatch(pub(crate) Option<Generation>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let garbled =
            || Failure::InvalidParameter { name: "If-Match", expected: "one generation in quotes, or *" };
        match value.to_str().map_err(|_| garbled())?.trim() {
            "*" => Ok(Self(None)),
            tag => {
                let number = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                let generation = number.and_then(|number| number.parse().ok()).ok_or_else(garbled)?;
                Ok(Self(Some(Generation(generation))))
            }
        }
    }
}
