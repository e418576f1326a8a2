//! The change feed.

use cert_core::Timestamp;

use super::{
    layout::{self, Key},
    overlay::{Entry, Overlay, Reader, decode, missing},
    rows::FeedEntry,
};
use crate::{Change, Event, FeedMarker, PageSize, StoreError, feed::FeedHead};

/// How far the feed goes. Opening a new store writes it.
pub(super) fn head(reader: &impl Reader) -> Result<FeedHead, StoreError> {
    reader.value(&Key::feed(), "head")?.ok_or_else(|| missing("head", "a store without the head of its feed"))
}

pub(super) fn changes(
    reader: &impl Reader,
    after: FeedMarker,
    size: PageSize,
) -> Result<Vec<Event>, StoreError> {
    let head = head(reader)?;
    if !head.reaches(after) {
        return Err(StoreError::MarkerTooOld);
    }
    let entries = reader.scan(&layout::events(after.position(), u64::MAX), size.get())?;
    let mut events = Vec::with_capacity(entries.len());
    for (Entry { value, .. }, position) in entries.into_iter().zip(after.position() + 1..) {
        let FeedEntry { position: stored, at, change } = decode(&value, "changes")?;
        if stored != position {
            return Err(missing("changes", "a gap in the feed"));
        }
        events.push(Event { marker: FeedMarker::new(head.epoch, position), at, change });
    }
    Ok(events)
}

/// Says that something has changed.
pub(super) fn record(overlay: &mut Overlay<'_>, change: Change, now: Timestamp) -> Result<(), StoreError> {
    let mut head = head(overlay)?;
    let position = head.advance();
    overlay.put(&Key::feed(), &head)?;
    overlay.put(&Key::event(position), &FeedEntry { position, at: now, change })
}

/// Forgets the events before the first that is not before an instant.
pub(super) fn prune(overlay: &mut Overlay<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let mut head = head(overlay)?;
    let mut pruned = 0;
    while let Some(entry) =
        overlay.value(&Key::event(head.floor + 1), "prune")?.filter(|entry| entry.at < before)
    {
        overlay.remove(&Key::event(entry.position));
        head.floor = entry.position;
        pruned += 1;
    }
    overlay.put(&Key::feed(), &head)?;
    Ok(pruned)
}

/// Makes every marker that was given too old.
pub(super) fn renew(overlay: &mut Overlay<'_>) -> Result<(), StoreError> {
    let mut head = head(overlay)?;
    head.renew();
    overlay.put(&Key::feed(), &head)
}
