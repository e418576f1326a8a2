//! Keeping a view fresh: from a snapshot of the bindings, by the feed of changes.
//!
//! The end of the feed is asked for first, then everything that is bound is read, then the changes behind that end. A
//! change says only what to read again, so it does not matter that a page was read before or after it. What a load
//! did not find is dropped when the changes have been read as well, and not before: so no name that is bound is ever
//! without its certificate.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use cert_store::{CertStore, Change, FeedMarker, PageSize, StoreError, Target};

use super::NameView;
use crate::Clock;

/// How far the view has read.
#[derive(Default)]
pub(super) struct Cursor {
    stage: Stage,
    /// The mark of the last load. Loads that were given up have marks of their own.
    mark: u16,
}

#[derive(Clone, Default)]
enum Stage {
    /// Behind a place in the feed; after a load, what it did not find is still there.
    Following { marker: FeedMarker, is_swept: bool },
    /// Reading what is bound, behind a target.
    Loading { head: FeedMarker, after: Option<Target> },
    /// Before a load.
    #[default]
    Starting,
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// There is nothing more to read now.
    AtHead,
    /// There may be more.
    More,
}

/// Keeps the view fresh for ever.
pub(crate) async fn follow<Sleep, Slept>(
    view: &NameView,
    store: &dyn CertStore,
    clock: &dyn Clock,
    sleep: Sleep,
) -> Infallible
where
    Sleep: Fn(Duration) -> Slept,
    Slept: Future<Output = ()>,
{
    let mut failures = 0;
    loop {
        match view.step(store, clock).await {
            Ok(Progress::AtHead) => {
                failures = 0;
                sleep(POLL).await;
            }
            // A store in this process answers at once: others must have their turn.
            Ok(Progress::More) => yield_now().await,
            Err(_) => {
                sleep(POLL.saturating_mul(1 << failures).min(MAX_BACKOFF)).await;
                failures = (failures + 1).min(8);
            }
        }
    }
}

impl NameView {
    /// Reads on until there is nothing more to read.
    pub(crate) async fn catch_up(&self, store: &dyn CertStore, clock: &dyn Clock) -> Result<(), StoreError> {
        while self.step(store, clock).await? == Progress::More {}
        Ok(())
    }

    /// Reads one page. Of several callers each waits for its turn.
    async fn step(&self, store: &dyn CertStore, clock: &dyn Clock) -> Result<Progress, StoreError> {
        let mut cursor = self.cursor.lock().await;
        let cursor = &mut *cursor;
        let asked_at = clock.unix_millis();
        let result = match cursor.stage.clone() {
            Stage::Starting => self.start(store, cursor).await,
            Stage::Loading { head, after } => self.load(store, cursor, head, after).await,
            Stage::Following { marker, is_swept } => self.read(store, cursor, marker, is_swept).await,
        };
        match &result {
            Ok(progress) => {
                self.counts.connect();
                if *progress == Progress::AtHead {
                    self.counts.catch_up(asked_at);
                }
            }
            Err(error) => self.counts.fail(error),
        }
        result
    }

    async fn start(&self, store: &dyn CertStore, cursor: &mut Cursor) -> Result<Progress, StoreError> {
        let head = store.head().await?;
        cursor.mark = cursor.mark.wrapping_add(1);
        cursor.stage = Stage::Loading { head, after: None };
        Ok(Progress::More)
    }

    async fn load(
        &self,
        store: &dyn CertStore,
        cursor: &mut Cursor,
        head: FeedMarker,
        after: Option<Target>,
    ) -> Result<Progress, StoreError> {
        let page = store.bound_all(after.as_ref(), PageSize::MAX).await?;
        for binding in &page {
            self.put_marked(binding, cursor.mark);
        }
        cursor.stage = match page.into_iter().last() {
            Some(last) => Stage::Loading { head, after: Some(last.target) },
            None => Stage::Following { marker: head, is_swept: false },
        };
        Ok(Progress::More)
    }

    async fn read(
        &self,
        store: &dyn CertStore,
        cursor: &mut Cursor,
        marker: FeedMarker,
        is_swept: bool,
    ) -> Result<Progress, StoreError> {
        let events = match store.changes(marker, PageSize::MAX).await {
            Err(StoreError::MarkerTooOld) => {
                self.counts.restart();
                cursor.stage = Stage::Starting;
                return Ok(Progress::More);
            }
            events => events?,
        };
        let mut applied = HashSet::new();
        for event in &events {
            if applied.insert(&event.change) {
                self.apply(store, &event.change, cursor.mark).await?;
            }
        }
        let marker = events.last().map_or(marker, |last| last.marker);
        // Short of a whole page it is the end: what came since makes another step.
        let progress = if events.len() < PageSize::MAX.get() { Progress::AtHead } else { Progress::More };
        if progress == Progress::AtHead && !is_swept {
            self.sweep(cursor.mark);
        }
        cursor.stage = Stage::Following { marker, is_swept: is_swept || progress == Progress::AtHead };
        Ok(progress)
    }

    /// Reads again what has changed.
    async fn apply(&self, store: &dyn CertStore, change: &Change, mark: u16) -> Result<(), StoreError> {
        match change {
            // Of a certificate that is bound to nothing here, nothing is kept; once it is bound, its domain changes.
            Change::Cert(id) if !self.knows(*id) => {}
            Change::Cert(id) => {
                let bindings = store.bindings(*id).await?;
                if bindings.is_empty() {
                    self.forget(*id);
                }
                for binding in &bindings {
                    self.put_marked(binding, mark);
                }
            }
            Change::Domain(target) => match store.bound(target).await? {
                Some(binding) => {
                    self.put_marked(&binding, mark);
                }
                None => self.remove(target),
            },
        }
        Ok(())
    }
}

async fn yield_now() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(())
    })
    .await;
}

/// How often the feed is asked where nothing happens: an edge serves a change well within a second.
const POLL: Duration = Duration::from_millis(100);
/// How long a store that fails is left alone at most.
const MAX_BACKOFF: Duration = Duration::from_secs(2);
