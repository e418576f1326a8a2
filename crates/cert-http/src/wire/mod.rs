//! The JSON of the API. The provider's words for things occur here and nowhere else.

mod admin;
mod certs;
mod domains;
mod fields;
mod finding;
mod upload;

use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use admin::{ExpiringList, Move, Moved, Retire, Rewrap, RewrapProgress};
pub(crate) use certs::{Created, Detail, List, Versioned};
pub(crate) use domains::{
    BindDomain, BindStorage, Domain, DomainBindings, Freeing, Previous, StorageBindings, UnbindStorage,
    parse_domain,
};
pub(crate) use finding::{Inspected, Refusal};
pub(crate) use upload::UploadRequest;

/// A body with its fields and `"code":200`, which two clients demand.
#[derive(Serialize, ToSchema)]
pub(crate) struct Success<T> {
    /// Always 200.
    #[schema(minimum = 200, maximum = 200)]
    code: u16,
    #[serde(flatten)]
    body: T,
}

impl<T> Success<T> {
    pub(crate) const fn new(body: T) -> Self {
        Self { code: 200, body }
    }
}

/// No fields beside the code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Nothing {}
