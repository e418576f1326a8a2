//! What certificates are bound to.

use std::sync::Arc;

use cert_core::{DnsName, KeyType, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{CertId, Generation, OwnerId};

/// A domain of some kind of service, and the slot there. At most one certificate is bound to it, and what is bound to the
/// two slots of a domain belongs to one owner.
///
/// ```
/// use cert_store::{Slot, Target};
///
/// let target = Target::cdn("www.example.com".parse()?);
/// assert_eq!(target.slot, Slot::Primary);
/// # Ok::<(), cert_core::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The kind of service.
    pub kind: TargetKind,
    /// The domain: a host name, or a wildcard.
    pub domain: DnsName,
    /// Which of the domain's certificates.
    pub slot: Slot,
}

impl Target {
    /// The primary slot of a CDN domain.
    pub const fn cdn(domain: DnsName) -> Self {
        Self { kind: TargetKind::Cdn, domain, slot: Slot::Primary }
    }

    /// The primary slot of a storage domain.
    pub const fn storage(domain: DnsName) -> Self {
        Self { kind: TargetKind::Storage, domain, slot: Slot::Primary }
    }

    /// The same domain's alternate slot.
    #[must_use]
    pub fn alternate(self) -> Self {
        Self { slot: Slot::Alternate, ..self }
    }

    /// The other slot of the same domain.
    #[must_use]
    pub fn other_slot(&self) -> Self {
        let slot = match self.slot {
            Slot::Alternate => Slot::Primary,
            Slot::Primary => Slot::Alternate,
        };
        Self { kind: self.kind, domain: self.domain.clone(), slot }
    }
}

/// The kind of service that a domain is served by. The order of the variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TargetKind {
    /// A CDN domain.
    Cdn,
    /// A domain of an object storage.
    Storage,
}

/// Which of a domain's certificates. The order of the variants is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Slot {
    /// One with another type of key, RSA beside ECDSA.
    Alternate,
    /// The one that is always there.
    Primary,
}

/// What an owner wants for a domain beside its certificate: kept and shown, not interpreted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BindOptions {
    /// Plain HTTP is redirected.
    pub force_https: bool,
    /// HTTP/2 is offered.
    pub http2: bool,
}

/// A target and the certificate that serves it, as it stands at the time of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The target.
    pub target: Target,
    /// Who bound it: the owner of the certificate.
    pub owner: OwnerId,
    /// The certificate.
    pub id: CertId,
    /// Its generation.
    pub generation: Generation,
    /// Its end.
    pub not_after: Timestamp,
    /// Its type of key.
    pub key_type: KeyType,
    /// What the owner wants there.
    pub options: BindOptions,
}

/// A certificate in the list of those that end soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// The certificate; it says whether it was superseded.
    pub cert: Arc<crate::CertSummary>,
    /// Whether something is bound to it.
    pub is_bound: bool,
}

/// Numbers of the whole store, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Certificates, expired ones too.
    pub certificates: u64,
    /// Bound targets.
    pub bindings: u64,
}

#[cfg(test)]
mod tests {
    use super::{Slot, Target, TargetKind};

    #[test]
    fn the_numbers_on_disk_stay() {
        let numbers =
            (TargetKind::Cdn as u8, TargetKind::Storage as u8, Slot::Alternate as u8, Slot::Primary as u8);
        assert_eq!(numbers, (0, 1, 0, 1));
        let target = Target::storage("a.example".parse().unwrap()).alternate();
        assert_eq!((target.kind, target.slot), (TargetKind::Storage, Slot::Alternate));
        assert_eq!(target.other_slot(), Target::storage("a.example".parse().unwrap()));
        assert_eq!(target.other_slot().other_slot(), target);
    }
}
