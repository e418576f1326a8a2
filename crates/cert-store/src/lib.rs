//! Where certificates with their sealed private keys are kept: one contract, and backends that hold it.
//!
//! The trait is [`CertStore`]; its documentation is the contract. [`MemoryStore`] is the reference; with the feature
//! `sled`, `SledStore` keeps everything in a folder of its own. The feature `conformance` has the tests that hold a
//! backend, yours too, to the contract.
//!
//! A store never sees a private key in the clear: it is sealed before it comes here, and a store only knows the
//! header of a [`SealedKey`]. Nor does it judge certificates: that was done in `cert-core`.
//!
//! ```
//! use cert_core::{Fingerprint, KeyType, Timestamp};
//! use cert_store::*;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
//! let owner = OwnerId::new("alice")?;
//! let now = Timestamp::from_unix(1_795_000_000);
//! let cert = NewCert {
//!     id: CertId::from_parts(1_795_000_000_000, owner.shard(), 0),
//!     owner: owner.clone(),
//!     name: "www".into(),
//!     common_name: "www.example.com".into(),
//!     labels: Labels::default(),
//!     leaf: LeafFacts {
//!         dns_names: vec!["www.example.com".into()],
//!         cover_names: vec!["www.example.com".parse()?],
//!         not_before: now,
//!         not_after: now + 90 * 86_400,
//!         key_type: KeyType::EcP256,
//!         fingerprint: Fingerprint::of(b"leaf"),
//!         spki_fingerprint: Fingerprint::of(b"key"),
//!         serial: vec![1],
//!         issuer: vec![],
//!     },
//!     chain: [&b"leaf"[..]].into_iter().collect(),
//!     sealed_key: SealedKey::from_bytes(b"\x01\x01\x00\x03k-1...".to_vec())?,
//! };
//! let inserted = store.insert(cert, Quota { live: 10, total: 100 }, now).await?;
//! assert_eq!(store.get(inserted.id).await?.summary.name, "www");
//! # Ok(()) }
//! ```

mod cert;
mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod explain;
mod feed;
mod id;
mod labels;
mod memory;
mod migrate;
mod octets;
mod owner;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod precondition;
mod quota;
mod sealed_key;
#[cfg(feature = "sled")]
mod sled;
mod store;
mod target;
mod transfer;
mod version;

#[cfg(feature = "sled")]
pub use self::sled::{OpenError, SledStore};
pub use cert::{CertRecord, CertSummary, Inserted, LeafFacts, NewCert, ServedChain};
pub use claim::{ClaimName, ClaimNameError};
pub use error::{BackendError, StoreError};
pub use feed::{Change, Event, FeedMarker, FeedMarkerError};
pub use id::{CertId, CertIdError, Generation, Shard};
pub use labels::{Labels, LabelsError};
pub use memory::MemoryStore;
pub use migrate::{MigrateError, migrate};
pub use owner::{OwnerId, OwnerIdError};
pub use page::{FindBy, Marker, MarkerCall, MarkerError, PageSize};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresConfig, PostgresConfigError, PostgresNotices, PostgresOpenError, PostgresStore};
pub use quota::{Quota, Usage};
pub use sealed_key::{KekId, KekIdError, SealedKey, SealedKeyError, SealedUnder};
pub use store::CertStore;
pub use target::{BindOptions, Binding, Expiring, Slot, Target, TargetKind, Totals};
pub use transfer::{BindingEntry, CertEntry, Entry, EntryKey, PreviousEntry, StoreDigest};
pub use version::{NewVersion, PreviousVersion};
