//! The change feed.

use std::collections::BTreeMap;

use cert_core::Timestamp;

use super::state::State;
use crate::{Change, Event, FeedMarker, StoreError, feed::FeedHead};

#[derive(Debug, Default)]
pub(super) struct Feed {
    pub(super) head: FeedHead,
    events: BTreeMap<u64, (Timestamp, Change)>,
}

impl State {
    /// Says that something has changed.
    pub(super) fn record(&mut self, change: Change, now: Timestamp) {
        let position = self.feed.head.advance();
        self.feed.events.insert(position, (now, change));
    }

    pub(super) fn changes(&self, after: FeedMarker, size: usize) -> Result<Vec<Event>, StoreError> {
        let Feed { head, events } = &self.feed;
        if !head.reaches(after) {
            return Err(StoreError::MarkerTooOld);
        }
        let behind = events.range(after.position() + 1..).take(size);
        Ok(behind
            .map(|(&position, (at, change))| Event {
                marker: FeedMarker::new(head.epoch, position),
                at: *at,
                change: change.clone(),
            })
            .collect())
    }

    /// Forgets the events before the first that is not before an instant.
    pub(super) fn prune(&mut self, before: Timestamp) -> u64 {
        let mut pruned = 0;
        while let Some(event) = self.feed.events.first_entry().filter(|event| event.get().0 < before) {
            self.feed.head.floor = *event.key();
            event.remove();
            pruned += 1;
        }
        pruned
    }
}
