//! Pages, markers, and what to look for.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use cert_core::{DnsName, Fingerprint};

use crate::{CertId, CertSummary, OwnerId};

/// How many items a page may have: 1 to 1000.
///
/// ```
/// use cert_store::PageSize;
///
/// assert_eq!(PageSize::new(10).get(), 10);
/// assert_eq!(PageSize::new(0), PageSize::MIN);
/// assert_eq!(PageSize::new(5000), PageSize::MAX);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageSize(usize);

impl PageSize {
    /// One item.
    pub const MIN: Self = Self(1);
    /// The most.
    pub const MAX: Self = Self(1000);

    /// Brings a number into the range.
    pub fn new(items: usize) -> Self {
        Self(items.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// A size that is known to be in the range.
    pub(crate) const fn of(items: usize) -> Self {
        assert!(Self::MIN.0 <= items && items <= Self::MAX.0);
        Self(items)
    }

    /// The number of items.
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

/// What to find an owner's certificates by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindBy {
    /// A name of theirs that covers this domain, exactly or as a wildcard.
    Covering(DnsName),
    /// A label.
    Label {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// SHA-256 of the leaf.
    Leaf(Fingerprint),
    /// Exactly this name, a wildcard too.
    Name(DnsName),
    /// SHA-256 of the leaf's `SubjectPublicKeyInfo`.
    Spki(Fingerprint),
}

impl FindBy {
    /// Whether it describes this certificate.
    pub fn matches(&self, cert: &CertSummary) -> bool {
        match self {
            Self::Covering(domain) => cert.leaf.covers(domain),
            Self::Label { key, value } => cert.labels.get(key) == Some(value),
            Self::Leaf(fingerprint) => cert.leaf.fingerprint == *fingerprint,
            Self::Name(name) => cert.leaf.cover_names.contains(name),
            Self::Spki(fingerprint) => cert.leaf.spki_fingerprint == *fingerprint,
        }
    }
}

/// Which list a marker belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MarkerCall {
    /// All certificates of an owner.
    Page = 1,
    /// Those that something was found by.
    Find = 2,
}

/// Where the next page starts, as clients keep it: opaque, and bound to a list and an owner.
///
/// ```
/// use cert_store::{CertId, Marker, MarkerCall, MarkerError, OwnerId};
///
/// let (alice, bob) = (OwnerId::new("alice")?, OwnerId::new("bob")?);
/// let id = CertId::from_parts(1, alice.shard(), 2);
/// let marker = Marker::encode(MarkerCall::Page, &alice, id);
/// assert_eq!(Marker::parse(&marker, MarkerCall::Page, &alice), Ok(id));
/// assert_eq!(Marker::parse(&marker, MarkerCall::Page, &bob), Err(MarkerError::OtherOwner));
/// assert_eq!(Marker::parse(&marker, MarkerCall::Find, &alice), Err(MarkerError::Garbled));
/// # Ok::<(), cert_store::OwnerIdError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Marker {}

impl Marker {
    /// The marker behind the certificate `last` of a list.
    pub fn encode(call: MarkerCall, owner: &OwnerId, last: CertId) -> String {
        let mut bytes = vec![VERSION, call as u8];
        bytes.extend(&owner.digest()[..OWNER_BYTES]);
        bytes.extend(last.0);
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// The certificate behind which the list goes on.
    ///
    /// # Errors
    /// [`MarkerError::Garbled`] for what is no marker, or one of another list; [`MarkerError::OtherOwner`] for one
    /// that another owner got.
    pub fn parse(text: &str, call: MarkerCall, owner: &OwnerId) -> Result<CertId, MarkerError> {
        let mut buffer = [0; ENCODED];
        let bytes = Base64UrlUnpadded::decode(text, &mut buffer).map_err(|_| MarkerError::Garbled)?;
        let (head, rest) = bytes.split_at_checked(2).ok_or(MarkerError::Garbled)?;
        let (hash, key) = rest.split_at_checked(OWNER_BYTES).ok_or(MarkerError::Garbled)?;
        let key = <[u8; 12]>::try_from(key).map_err(|_| MarkerError::Garbled)?;
        if head != [VERSION, call as u8] {
            return Err(MarkerError::Garbled);
        }
        if hash == &owner.digest()[..OWNER_BYTES] { Ok(CertId(key)) } else { Err(MarkerError::OtherOwner) }
    }
}

const VERSION: u8 = 1;
const OWNER_BYTES: usize = 8;
const ENCODED: usize = 2 + OWNER_BYTES + 12;

/// Why a marker cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkerError {
    /// No marker, or one of another list.
    #[error("the marker is garbled")]
    Garbled,
    /// Another owner got it.
    #[error("the marker belongs to another owner")]
    OtherOwner,
}
