//! The change feed: what a node that keeps a copy follows.

use core::{fmt, str::FromStr};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use cert_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertId, Target};

/// A place in the feed: behind the event at a position, in an epoch of the feed.
///
/// Positions are integers without gaps. After a restore or a fail-over the feed is in another epoch, and no marker of
/// an earlier one is of use.
///
/// ```
/// use cert_store::FeedMarker;
///
/// let marker = FeedMarker::new(0x1234, 56);
/// assert_eq!(marker.to_string().parse(), Ok(marker));
/// assert!("nonsense".parse::<FeedMarker>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FeedMarker {
    epoch: u64,
    position: u64,
}

impl FeedMarker {
    /// The marker behind a position; the first event has position 1.
    pub const fn new(epoch: u64, position: u64) -> Self {
        Self { epoch, position }
    }

    /// The epoch.
    pub const fn epoch(self) -> u64 {
        self.epoch
    }

    /// The position of the last event that was read.
    pub const fn position(self) -> u64 {
        self.position
    }
}

impl fmt::Display for FeedMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[9..].copy_from_slice(&self.position.to_be_bytes());
        f.write_str(&Base64UrlUnpadded::encode_string(&bytes))
    }
}

impl FromStr for FeedMarker {
    type Err = FeedMarkerError;

    /// # Errors
    /// [`FeedMarkerError`] for a text that no marker displays as.
    fn from_str(text: &str) -> Result<Self, FeedMarkerError> {
        let mut bytes = [0; LENGTH];
        let read = Base64UrlUnpadded::decode(text, &mut bytes).map_err(|_| FeedMarkerError)?;
        let [VERSION, numbers @ ..] = read else { return Err(FeedMarkerError) };
        let (epoch, position) = numbers.split_first_chunk::<8>().ok_or(FeedMarkerError)?;
        let position = position.try_into().map_err(|_| FeedMarkerError)?;
        Ok(Self { epoch: u64::from_be_bytes(*epoch), position: u64::from_be_bytes(position) })
    }
}

/// The text is not a marker of the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the marker is not one that the change feed gave")]
pub struct FeedMarkerError;

const VERSION: u8 = 1;
const LENGTH: usize = 17;

/// Something that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The place behind it, from which reading goes on.
    pub marker: FeedMarker,
    /// When, by the clock of the node that wrote.
    pub at: Timestamp,
    /// What to read again.
    pub change: Change,
}

/// What to read again. The order of the variants is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Change {
    /// A certificate: it came, went, or has another version or mark.
    Cert(CertId),
    /// What is bound to a target.
    Domain(Target),
}

/// How far the feed goes, and how far it was pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FeedHead {
    pub(crate) epoch: u64,
    /// The position of the last event.
    pub(crate) last: u64,
    /// The position of the last event that was pruned.
    pub(crate) floor: u64,
}

impl FeedHead {
    /// That of a feed without events, in a new epoch.
    pub(crate) fn new() -> Self {
        Self { epoch: random(), last: 0, floor: 0 }
    }

    /// The place behind the last event.
    pub(crate) const fn marker(self) -> FeedMarker {
        FeedMarker::new(self.epoch, self.last)
    }

    /// Whether every event behind a marker is still there.
    pub(crate) const fn reaches(self, marker: FeedMarker) -> bool {
        self.epoch == marker.epoch && self.floor <= marker.position && marker.position <= self.last
    }

    /// Takes the next position.
    pub(crate) const fn advance(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Makes every marker that was given too old.
    pub(crate) fn renew(&mut self) {
        self.epoch = random();
    }
}

impl Default for FeedHead {
    fn default() -> Self {
        Self::new()
    }
}

/// A number unlike those before it. It need not be secret, and this source cannot fail.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::{FeedHead, FeedMarker};

    #[test]
    fn only_whole_markers_parse() {
        let text = FeedMarker::new(u64::MAX, 7).to_string();
        for length in 0..text.len() {
            assert!(text[..length].parse::<FeedMarker>().is_err(), "{length}");
        }
        assert!(format!("{text}AA").parse::<FeedMarker>().is_err());
    }

    #[test]
    fn a_feed_reaches_from_its_floor_to_its_head() {
        let mut head = FeedHead { epoch: 1, last: 9, floor: 4 };
        for (marker, reached) in
            [((1, 3), false), ((1, 4), true), ((1, 9), true), ((1, 10), false), ((2, 5), false)]
        {
            assert_eq!(head.reaches(FeedMarker::new(marker.0, marker.1)), reached, "{marker:?}");
        }
        let before = head.marker();
        head.renew();
        assert!(!head.reaches(before));
    }
}
