//! The handlers: one file a group of calls.

pub(crate) mod certs;
pub(crate) mod meta;
mod query;
mod sender;
