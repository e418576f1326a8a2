//! Values that exist on disk only.

use std::sync::Arc;

use cert_core::{Fingerprint, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{BindOptions, CertId, CertSummary, Change, PreviousVersion, ServedChain, Target};

/// What stands under the id of a certificate: all that one read needs. The summary comes first, so that lists can
/// decode it alone.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) summary: Arc<CertSummary>,
    /// What makes an upload the same as this one.
    pub(super) upload: Fingerprint,
    pub(super) previous: Option<Arc<PreviousVersion>>,
    /// The chain that stands; that of the previous version is under a key of its own.
    pub(super) chain: ServedChain,
}

/// What stands under a target.
#[derive(Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) target: Target,
    pub(super) id: CertId,
    pub(super) options: BindOptions,
}

/// An event of the feed.
#[derive(Serialize, Deserialize)]
pub(super) struct FeedEntry {
    pub(super) position: u64,
    pub(super) at: Timestamp,
    pub(super) change: Change,
}
