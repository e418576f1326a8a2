//! A certificate store that a platform embeds: tenants hand in a chain and its private key, and get an id.
//!
//! [`CertService`] is the facade. It proves that chain and key belong together and that the policy holds
//! (`cert-core`), seals the key, and keeps both within the owner's quota in any [`CertStore`]. It knows owners, but
//! not how callers prove who they are: hand it a [`Caller`] once your own authentication has.
//!
//! ```
//! use cert_core::{ErrorCode, Language};
//! use cert_service::{Caller, CertService, KeyWrapper, Upload};
//! use cert_store::CertStore;
//!
//! async fn store(store: impl CertStore + 'static, ring: impl KeyWrapper + 'static, chain: &str, key: &str) {
//!     let certs = CertService::builder(store, ring).build().await.expect("the ring fits the store");
//!     let alice = Caller::tenant("alice").expect("a short name");
//!     match certs.upload(&alice, Upload::pem(chain, key).name("www")).await {
//!         Ok(uploaded) => println!("stored as {}", uploaded.id()),
//!         Err(error) if error.code() == Some(ErrorCode::QuotaExceeded) => println!("buy more"),
//!         Err(error) => error.findings().iter().for_each(|f| println!("{}", f.message(Language::En))),
//!     }
//! }
//! ```
//!
//! It deliberately does not speak HTTP (`cert-http` does), does not authenticate, spawns nothing, and installs no
//! process-wide logger, metrics recorder or cryptographic provider.
//!
//! [`CertStore`]: cert_store::CertStore

mod authority;
mod bindings;
mod builder;
mod caller;
mod canary;
mod clock;
mod error;
mod events;
mod executor;
mod expiring;
mod explain;
mod id_source;
mod name_view;
mod pem;
mod policies;
mod read;
mod renewal;
mod resolve;
mod rewrap;
mod sealing;
mod service;
mod takeover;
#[cfg(feature = "testing")]
pub mod testing;
mod transfer;
mod upload;

pub use authority::DomainAuthority;
pub use builder::Builder;
pub use caller::{ActError, Caller};
#[cfg(feature = "testing")]
pub use clock::FixedClock;
pub use clock::{Clock, SystemClock, now};
pub use error::{Refusal, ServiceError, with_causes};
pub use events::{Action, AuditLog, Event, EventSink, Subject};
pub use executor::{Executor, Inline, Job};
pub use expiring::ExpiringPage;
pub use name_view::{Match, NameView, Resolved, Served, ViewStatus};
pub use pem::{chain_pem, chain_pem_len, push_chain_pem};
pub use policies::{Plan, Policies};
pub use read::Page;
pub use renewal::Replaced;
pub use resolve::BoundCert;
pub use rewrap::Rewrapped;
pub use sealing::{Dek, KeyRingError, KeyWrapper, LocalKeyRing, PlainKey, SealContext, SealError, WrapError};
pub use service::CertService;
pub use takeover::TakenOver;
pub use upload::{Upload, Uploaded};
