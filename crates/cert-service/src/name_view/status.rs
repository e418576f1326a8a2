//! How fresh a view is.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cert_store::{Binding, CertId, StoreError};

use super::NameView;
use crate::with_causes;

/// How fresh a [`NameView`] is: what an edge shows in its metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewStatus {
    /// Whether everything that is bound has been read once. From then on the view never serves less than it did.
    pub is_ready: bool,
    /// Whether the store answered when it was last asked. While it does not, the view serves what it has.
    pub is_connected: bool,
    /// How long ago the view was known to have all that the store had; `None` before it was ready.
    pub lag: Option<Duration>,
    /// How many names have a certificate.
    pub names: usize,
    /// How often everything was read anew, since the feed of changes did not reach back to where the view was.
    pub restarts: u64,
    /// How many bindings were refused since a later generation of their certificate had been seen.
    pub refused: u64,
    /// The certificate of the last one of these.
    pub last_refused: Option<CertId>,
    /// What the store said when it last failed.
    pub last_error: Option<String>,
}

/// What the view counts for its status.
#[derive(Default)]
pub(super) struct Counts(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    status: ViewStatus,
    /// Milliseconds since 1970 at which the end of the feed was asked for and reached.
    as_of: Option<u64>,
}

impl NameView {
    /// How fresh the view is, at milliseconds since 1970 by the clock of its service.
    pub(crate) fn status_at(&self, now_millis: u64) -> ViewStatus {
        let counted = self.counts.counted();
        let lag = counted.as_of.map(|as_of| Duration::from_millis(now_millis.saturating_sub(as_of)));
        ViewStatus { lag, names: self.len(), ..counted.status.clone() }
    }

    /// Whether everything that is bound has been read once.
    pub fn is_ready(&self) -> bool {
        self.counts.counted().status.is_ready
    }
}

impl Counts {
    /// The store answered.
    pub(super) fn connect(&self) {
        let status = &mut self.counted().status;
        if !status.is_connected {
            tracing::debug!("the name view reaches its store");
        }
        status.is_connected = true;
    }

    /// The store failed.
    pub(super) fn fail(&self, error: &StoreError) {
        let text = with_causes(error);
        let status = &mut self.counted().status;
        if status.is_connected || status.last_error.is_none() {
            tracing::warn!(error = text, names_are_kept = status.is_ready, "the name view lost its store");
        }
        status.is_connected = false;
        status.last_error = Some(text);
    }

    /// Everything that the store had at an instant is in the view.
    pub(super) fn catch_up(&self, as_of_millis: u64) {
        let mut counted = self.counted();
        counted.as_of = Some(as_of_millis);
        if !counted.status.is_ready {
            counted.status.is_ready = true;
            tracing::info!("the name view is ready");
        }
    }

    /// Everything has to be read anew.
    pub(super) fn restart(&self) {
        self.counted().status.restarts += 1;
        tracing::warn!("the change feed does not reach back to the name view: everything is read anew");
    }

    /// A binding in a generation that is over.
    pub(super) fn refuse(&self, binding: &Binding) {
        tracing::error!(
            id = %binding.id,
            generation = binding.generation.0,
            domain = binding.target.domain.as_str(),
            "refused: a later generation of this certificate was seen; was an earlier state of the store put back?"
        );
        let status = &mut self.counted().status;
        status.refused += 1;
        status.last_refused = Some(binding.id);
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
