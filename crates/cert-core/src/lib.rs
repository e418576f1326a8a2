//! Certificates and private keys: from bytes to a verdict, and an explanation that a person can act on.
//!
//! Bytes and an instant go in, a verdict comes out. Types are proofs: a [`Bundle`] has decoded and its key is the
//! leaf's; a [`ValidatedBundle`] also held a [`ValidationPolicy`] at an instant. [`inspect`] gives every finding at
//! once, in English and Simplified Chinese.
//!
//! This crate has no clock, no I/O and no async, and it never fetches a missing intermediate from the network: what
//! is stored is what will be served, so it must be complete.
//!
//! ```
//! use cert_core::{Bundle, Language, Timestamp, TrustAnchors, ValidationPolicy, inspect};
//!
//! let policy = ValidationPolicy::new(TrustAnchors::webpki());
//! let now = Timestamp::from_unix(1_795_000_000);
//! let (chain, key) = (b"-----BEGIN CERTIFICATE-----\nMIIB\n", b"");
//!
//! match Bundle::decode(chain, key).and_then(|bundle| bundle.validate(&policy, now)) {
//!     Ok(valid) => println!("{} certificates will be served", valid.served_chain().len()),
//!     Err(error) => println!("{}: {error}", error.code()),
//! }
//! for finding in inspect(chain, Some(key), &policy, now).findings() {
//!     println!("{}: {}", finding.rule(), finding.message(Language::En));
//!     println!("{}", finding.fix(Language::En).unwrap_or_default());
//! }
//! ```
//!
//! # Features
//!
//! None is on by default.
//!
//! - `encrypted-keys`: private keys that a [`Passphrase`] protects, PKCS #8 and OpenSSL's traditional PEM encryption.
//! - `pkcs12`: PKCS #12 files (`.pfx`, `.p12`), modern and legacy; see [`Input::pkcs12`].
//! - `serde`: `Serialize` for reports and what is in them.
//! - `testing`: certificate authorities in code.
//!
//! Without the first two, what they read is recognised and refused by name.

mod anchor_key;
mod bundle;
pub mod caps;
mod certificate;
mod chain;
mod code;
mod cursor;
mod decode;
mod diagnose;
mod error;
mod explain;
mod finding;
mod fingerprint;
mod input;
mod key_type;
mod location;
mod name;
mod name_constraints;
mod passphrase;
mod path;
#[cfg(feature = "encrypted-keys")]
mod pbe;
mod pem;
mod pkcs12;
mod policy;
mod private_key;
mod public_key;
mod recognize;
mod report;
mod rsa_key;
mod rule;
mod rules;
mod served_chain;
mod signature;
mod signature_cache;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod trust;
mod validate;
mod validity;

pub use bundle::{Bundle, ValidatedBundle};
pub use certificate::Certificate;
pub use chain::{Chain, ValidatedChain, decode_pem};
pub use code::ErrorCode;
pub use decode::{DecodeError, DerivationCost, KeyError, KeyMismatch, Unexpected};
pub use diagnose::{MissingIssuer, PathError};
pub use error::Error;
pub use explain::{Language, UnknownLanguage};
pub use finding::{Cause, Contrast, Explain, Finding, Level};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use input::Input;
pub use key_type::{KeyType, UnknownKeyType};
pub use location::{CertificateRef, Field, Location};
pub use name::{DnsName, NameError};
pub use passphrase::Passphrase;
pub use policy::{ChainOrder, KeyDenylist, ValidationPolicy};
pub use private_key::{KeyForm, PrivateKey};
pub use report::{Report, inspect};
pub use rsa_key::RsaWeakness;
pub use rule::{Rule, UnknownRule};
pub use rules::{Breach, RULE_TABLE, RuleEntry, RuleLevel};
pub use served_chain::ServedNote;
pub use signature_cache::SignatureCache;
pub use time::{Timestamp, TimestampError};
pub use trust::{AnchorOrigin, TrustAnchors};
pub use validity::{MinimumValidity, ValidityError};
