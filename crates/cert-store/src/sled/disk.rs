//! Writing batches, and what becomes of the database when that fails.

use std::{
    error::Error,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    overlay::{Gated, Overlay},
    recovery::{Database, Folder},
};

/// What batches are written to.
pub(super) struct Disk {
    tree: Arc<Gated>,
    /// None where it could not be opened again yet.
    database: Option<Database>,
    /// When to open the database again, after a write has failed. Until then nothing is written: it would stand on what
    /// may be lost.
    retry_at: Option<Instant>,
    // The lock goes last.
    folder: Folder,
}

/// How long a database that failed stays as it is before it is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Octets of the disk that stay free: sled cannot go on after a write that finds none, and opens a large database only
/// with room for a snapshot of it.
const RESERVE: u64 = 64 << 20;

impl Disk {
    /// `tree` leads readers to the database.
    pub(super) const fn new(tree: Arc<Gated>, folder: Folder, database: Database) -> Self {
        Self { tree, database: Some(database), retry_at: None, folder }
    }

    /// What steps are decided against.
    pub(super) fn overlay(&self) -> Overlay<'_> {
        Overlay::new(self.database.as_ref().map(Database::tree))
    }

    /// Applies a batch and makes it last.
    pub(super) fn write(&mut self, batch: Option<::sled::Batch>) -> Result<(), Failure> {
        let (Some(database), None) = (&self.database, self.retry_at) else {
            return Err(Failure::Earlier);
        };
        let Some(batch) = batch else {
            return Ok(());
        };
        let free = self.folder.free()?;
        if free < RESERVE {
            return Err(Failure::NoRoom { free });
        }
        // sled panics on some failures of the disk.
        let written = catch_unwind(AssertUnwindSafe(|| write(&self.tree, database, batch)));
        let written = written.unwrap_or(Err(Failure::Panicked));
        if let Err(failure) = &written {
            self.retry_at = Some(Instant::now() + PAUSE);
            let (folder, failure) = (self.folder.path().display(), failure as &dyn Error);
            tracing::error!(%folder, failure, "a write failed; writes are refused until the database opens again");
        }
        written
    }

    /// When it wants to be [looked after](Self::look_after).
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Opens a database again that failed, when it is time to.
    pub(super) fn look_after(&mut self) {
        if self.retry_at.is_some_and(|at| at <= Instant::now()) {
            self.retry_at = (!self.opens_again()).then(|| Instant::now() + PAUSE);
        }
    }

    /// Closes the database and opens it again, if the disk takes writes: what was read as written and is not on
    /// disk is gone then. Until it does, the database stays as it is: what is in its cache can be read, and it may not
    /// open without room.
    fn opens_again(&mut self) -> bool {
        if !self.folder.takes_writes() {
            return false;
        }
        self.close();
        let folder = self.folder.path().display();
        match catch_unwind(AssertUnwindSafe(|| self.folder.open())) {
            Ok(Ok(database)) => {
                self.tree.open(&database);
                self.database = Some(database);
                tracing::info!(%folder, "the database is open again");
                true
            }
            Ok(Err(error)) => {
                let error = &error as &dyn Error;
                tracing::error!(%folder, error, "the database does not open again yet");
                false
            }
            // Reported when it happened.
            Err(_) => false,
        }
    }

    /// Takes the database away from readers and closes it.
    fn close(&mut self) {
        self.tree.take_away();
        let database = self.database.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

fn write(tree: &Gated, database: &Database, batch: ::sled::Batch) -> Result<(), Failure> {
    let gate = tree.close();
    database.tree().apply_batch(batch)?;
    drop(gate);
    database.sync()?;
    tree.synced(database);
    Ok(())
}

/// Why a batch may not be on disk.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing of the batch was applied.
    #[error("a write has failed before, and the database is not open again yet")]
    Earlier,
    /// Nothing of the batch was applied.
    #[error("the disk is full: {free} octets are free, and {RESERVE} have to stay so")]
    NoRoom { free: u64 },
    /// Nothing of the batch was applied.
    #[error("the disk does not say how much is free")]
    Unknown(#[from] Arc<io::Error>),
    #[error("the database panicked")]
    Panicked,
    #[error("the database failed")]
    Sled(#[from] ::sled::Error),
}

impl Failure {
    /// Whether nothing can have happened.
    pub(super) const fn is_before(&self) -> bool {
        matches!(self, Self::Earlier | Self::NoRoom { .. } | Self::Unknown(_))
    }
}
