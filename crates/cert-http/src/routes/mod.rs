//! The handlers: one file a group of calls.

pub(crate) mod admin;
pub(crate) mod certs;
pub(crate) mod domains;
pub(crate) mod meta;
mod precondition;
mod query;
mod sender;
pub(crate) mod storage;
