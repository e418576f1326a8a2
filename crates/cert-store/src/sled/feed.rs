//! The change feed.

use cert_core::Timestamp;

use super::{
    layout::{self, Key},
    overlay::{Entry, Overlay, Reader, View, decode, missing},
    rows::FeedEntry,
};
use crate::{Change, Event, FeedMarker, PageSize, StoreError, feed::FeedHead};

/// How far the feed goes. Opening a new store writes it.
pub(super) fn head(reader: &impl Reader) -> Result<FeedHead, StoreError> {
    reader.value(&Key::feed(), "head")?.ok_or_else(|| missing("head", "a store without the head of its feed"))
}

/// As [`head`], as far as it is on disk. What is not may be lost with the process, and its positions then be given to
/// other events: a follower who had seen them would miss those.
pub(super) fn synced_head(view: &View<'_>) -> Result<FeedHead, StoreError> {
    let head = head(view)?;
    Ok(FeedHead { last: head.last.min(view.last_event()), ..head })
}

pub(super) fn changes(view: &View<'_>, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
    let head = synced_head(view)?;
    if !head.reaches(after) {
        return Err(StoreError::MarkerTooOld);
    }
    let entries = view.scan(&layout::events(after.position(), head.last), size.get())?;
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

#[cfg(test)]
mod tests {
    use super::{
        super::{overlay::Gated, recovery::Folder},
        *,
    };
    use crate::CertId;

    #[test]
    fn an_event_is_shown_once_it_is_on_disk() {
        let folder = tempfile::TempDir::new().unwrap();
        let database = Folder::lock(folder.path()).unwrap().open().unwrap();
        let readers = Gated::new(&database);
        let events = |after| changes(&readers.view(), after, PageSize::MAX).unwrap();
        let head = || synced_head(&readers.view()).unwrap().marker();
        let start = head();
        let mut overlay = Overlay::new(Some(database.tree()));
        record(&mut overlay, Change::Cert(CertId([1; 12])), Timestamp::from_unix(0)).unwrap();
        overlay.end_step(true);
        database.tree().apply_batch(overlay.into_batch().unwrap()).unwrap();
        assert_eq!((head(), events(start)), (start, Vec::new()));
        database.sync().unwrap();
        readers.synced(&database);
        assert_eq!(events(start).len(), 1);
        assert_eq!(events(start)[0].marker, head());
    }
}
