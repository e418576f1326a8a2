//! A world so small that calls meet: what there is to be uploaded, bound and asked for.

use std::sync::Arc;

use cert_core::{
    DnsName, KeyType, MinimumValidity, Timestamp, ValidationPolicy,
    testing::{Issued, TestCa, TestLeaf},
};
use cert_service::{Caller, Plan};
use cert_store::{Quota, Target, TargetKind};

pub(crate) const OWNERS: [&str; 2] = ["alice", "bob"];
pub(crate) const QUOTA: Quota = Quota { live: 3, total: 6 };

/// Names, days from the start to the end, and whether the key is an RSA one.
pub(crate) const CONTENTS: [(&[&str], i64, bool); 8] = [
    (&["a.example"], 10, false),
    (&["a.example"], 30, false),
    (&["a.example", "b.example"], 20, false),
    (&["b.example"], 40, false),
    (&["*.example"], 25, false),
    (&["a.example", "b.example", "*.example"], 15, true),
    (&["*.example"], 60, true),
    (&["a.example", "*.example"], 90, false),
];

/// Kind, domain, and whether it is the alternate slot.
pub(crate) const TARGETS: [(TargetKind, &str, bool); 7] = [
    (TargetKind::Cdn, "a.example", false),
    (TargetKind::Cdn, "b.example", false),
    (TargetKind::Cdn, "*.example", false),
    (TargetKind::Cdn, "a.example", true),
    (TargetKind::Storage, "a.example", false),
    (TargetKind::Storage, "a.example", true),
    (TargetKind::Storage, "*.example", false),
];

/// What is resolved.
pub(crate) const NAMES: [&str; 5] = ["a.example", "b.example", "other.example", "*.example", "a.b.example"];

pub(crate) const DAY: i64 = 86_400;
/// Days after which everything has ended.
pub(crate) const EVER: i64 = 10_000;
pub(crate) const START: Timestamp = Timestamp::from_unix(1_795_000_000);

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Edge,
    For(usize),
    Operator,
    Tenant(usize),
}

impl Who {
    pub(crate) fn from_choice(choice: u8) -> Self {
        // Tenants call most.
        match choice % 12 {
            0 => Self::Edge,
            1 => Self::For(0),
            2 => Self::For(1),
            3 | 4 => Self::Operator,
            other => Self::Tenant(usize::from(other % 2)),
        }
    }

    pub(crate) fn caller(self) -> Caller {
        match self {
            Self::Edge => Caller::edge(),
            Self::For(owner) => Caller::operator().acting_for(OWNERS[owner]).unwrap(),
            Self::Operator => Caller::operator(),
            Self::Tenant(owner) => Caller::tenant(OWNERS[owner]).unwrap(),
        }
    }
}

pub(crate) struct World {
    pub(crate) issued: Vec<Issued>,
    pub(crate) plan: Plan,
}

impl World {
    pub(crate) fn new() -> Self {
        let root = TestCa::root("Root", START);
        let issue = |&(names, days, is_rsa): &(&[&str], i64, bool)| {
            let key_type = if is_rsa { KeyType::Rsa { bits: 2048 } } else { KeyType::EcP256 };
            // Half a day later, so that no instant of a run is one at which something ends.
            let until = START + days * DAY + DAY / 2;
            root.issue(&TestLeaf::new(names).key_type(key_type).valid(START - DAY, until))
        };
        // How much must be left is the core's concern, and would end uploads early here.
        let policy = ValidationPolicy::new(Arc::new(root.trust()));
        let policy = policy.minimum_validity(MinimumValidity::new(0, 0.0));
        Self {
            issued: CONTENTS.iter().map(issue).collect(),
            plan: Plan::new(Arc::new(policy)).with_quota(QUOTA),
        }
    }

    /// Which content has this leaf.
    pub(crate) fn content_of(&self, leaf: &[u8]) -> usize {
        self.issued.iter().position(|issued| issued.certificates()[0] == leaf).unwrap()
    }

    /// Which content has this key.
    pub(crate) fn content_of_key(&self, key: &[u8]) -> usize {
        self.issued.iter().position(|issued| issued.key_der() == key).unwrap()
    }
}

pub(crate) fn end(content: usize) -> Timestamp {
    START + CONTENTS[content].1 * DAY + DAY / 2
}

pub(crate) fn covers(content: usize, domain: &str) -> bool {
    let domain = DnsName::parse(domain).unwrap();
    CONTENTS[content].0.iter().any(|name| DnsName::parse(name).unwrap().covers(&domain))
}

pub(crate) fn target(number: usize) -> Target {
    let (kind, domain, is_alternate) = TARGETS[number];
    let primary = Target { kind, ..Target::cdn(domain.parse().unwrap()) };
    if is_alternate { primary.alternate() } else { primary }
}

pub(crate) fn number_of(target_: &Target) -> usize {
    (0..TARGETS.len()).find(|&number| target(number) == *target_).unwrap()
}

/// The other slot of the same domain, if it is one of the world's.
pub(crate) fn sibling(number: usize) -> Option<usize> {
    let (kind, domain, is_alternate) = TARGETS[number];
    TARGETS.iter().position(|&other| other == (kind, domain, !is_alternate))
}

/// Domains of storage may move, those of the CDN may not.
pub(crate) fn may_move(number: usize) -> bool {
    TARGETS[number].0 == TargetKind::Storage
}
