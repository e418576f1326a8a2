//! Quotas, and the account that makes them exact.

use cert_core::Timestamp;
use serde::{Deserialize, Serialize};

/// How many certificates an owner may have.
///
/// ```
/// use cert_store::{Quota, Usage};
///
/// let quota = Quota { live: 2, total: 10 };
/// assert_eq!(quota.reached_by(Usage { live: 1, total: 9 }), None);
/// assert_eq!(quota.reached_by(Usage { live: 2, total: 9 }), Some(2));
/// assert_eq!(quota.reached_by(Usage { live: 0, total: 10 }), Some(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Certificates that have not expired.
    pub live: u64,
    /// All of them.
    pub total: u64,
}

impl Quota {
    /// No limit.
    pub const UNLIMITED: Self = Self { live: u64::MAX, total: u64::MAX };

    /// The limit that leaves no room for one more, if one does.
    pub const fn reached_by(self, usage: Usage) -> Option<u64> {
        if usage.live >= self.live {
            Some(self.live)
        } else if usage.total >= self.total {
            Some(self.total)
        } else {
            None
        }
    }
}

/// How many certificates an owner has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Certificates that have not expired.
    pub live: u64,
    /// All of them.
    pub total: u64,
}

/// An owner's counters: what was live at an instant. Certificates expire without anybody counting them, so a reader
/// takes away those whose end lies between that instant and its own; counting a window costs what has expired since,
/// not what the owner has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    live: u64,
    total: u64,
    as_of: Timestamp,
}

impl Account {
    /// The account of an owner who has nothing at `now`.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { live: 0, total: 0, as_of: now }
    }

    /// The ends that have passed since the counters were right, at `now`: after the first, up to the second. Time
    /// does not go back, whatever a caller's clock does.
    pub(crate) fn window(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        (self.as_of, now.max(self.as_of))
    }

    /// Brings the counters to the end of a window in which `expired` certificates ended.
    pub(crate) const fn advance(&mut self, (_, until): (Timestamp, Timestamp), expired: u64) {
        self.live = self.live.saturating_sub(expired);
        self.as_of = until;
    }

    pub(crate) const fn usage(&self) -> Usage {
        Usage { live: self.live, total: self.total }
    }

    /// Whether a certificate with this end counts as one that has not expired.
    pub(crate) fn is_live(&self, not_after: Timestamp) -> bool {
        not_after > self.as_of
    }

    /// Counts one more that ends at `not_after`.
    pub(crate) fn add(&mut self, not_after: Timestamp) {
        self.total += 1;
        self.live += u64::from(self.is_live(not_after));
    }

    /// Counts one less that ends at `not_after`.
    pub(crate) fn remove(&mut self, not_after: Timestamp) {
        self.total = self.total.saturating_sub(1);
        self.live = self.live.saturating_sub(u64::from(self.is_live(not_after)));
    }
}
