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
//! use cert_core::{Bundle, Language, Timestamp, ValidationPolicy, inspect};
//! use cert_core::testing::{TestCa, TestLeaf};
//! use std::sync::Arc;
//!
//! // A chain and its key, PEM. The feature `testing` makes them here; you would read files.
//! let now = Timestamp::from_unix(1_795_000_000);
//! let root = TestCa::root("Example Root", now);
//! let issued = root.intermediate("Example CA").issue(&TestLeaf::new(&["www.example.com"]));
//! let (chain, key) = (issued.chain_pem(), issued.key_pem());
//!
//! // `TrustAnchors::webpki()` instead of a root of your own: what browsers trust.
//! let policy = ValidationPolicy::new(Arc::new(root.trust()));
//! let bundle = Bundle::decode(chain.as_bytes(), key.as_bytes())?;
//! let valid = bundle.validate(&policy, now)?;
//! println!("{} certificates will be served:\n{}", valid.served_chain().len(), valid.chain().to_pem());
//!
//! // The commonest mistake: the leaf without its intermediate.
//! let report = inspect(issued.leaf_pem().as_bytes(), Some(key.as_bytes()), &policy, now);
//! for finding in report.findings() {
//!     println!("{}: {}", finding.rule(), finding.message(Language::En));
//!     println!("{}", finding.fix(Language::En).unwrap_or_default());
//! }
//! assert_eq!(report.first_error().map(|error| error.rule().as_str()), Some("issuer_missing"));
//! # Ok::<(), cert_core::Error>(())
//! ```
//!
//! # Rules and numbers
//!
//! Everything that is found is an instance of a [`Rule`], whose id never changes: programs match on it. What refuses
//! has one of four numbers as well, the [`ErrorCode`]s of the HTTP API:
//!
//! | number | what refuses | rules |
//! |---|---|---|
//! | 404906 | a field does not decode, or the key cannot be used or is another certificate's | of [`Chain::decode`] and [`Bundle::decode`] |
//! | 400329 | the leaf has expired | `expired` |
//! | 400322 | the leaf, or its path, ends too soon | `validity_too_short` |
//! | 400323 | there is no path, or a rule is broken | of [`Bundle::validate`], and of [`RULE_TABLE`] with the level [`RuleLevel::Deny`] |
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
