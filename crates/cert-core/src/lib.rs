//! Certificates and private keys: from bytes to a verdict.
//!
//! Bytes and an instant go in, a verdict comes out. This crate has no clock, no I/O and no async, and it never
//! fetches a missing intermediate from the network.

mod code;
mod fingerprint;
mod key_type;
mod name;
mod time;

pub use code::ErrorCode;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use key_type::KeyType;
pub use name::{DnsName, NameError};
pub use time::Timestamp;
