//! The writer thread: one sync for everything that has queued up.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    BACKEND,
    overlay::{Gated, Overlay},
    recovery::{Database, Folder},
};
use crate::{BackendError, StoreError};

/// The thread and the queue in front of it. Dropping it waits until what has queued up is written.
pub(super) struct Writer {
    queue: Option<Sender<Step>>,
    thread: Option<JoinHandle<()>>,
}

/// A write that waits for its turn: it decides, and leaves the answer for when its changes are on disk.
type Step = Box<dyn FnOnce(&mut Overlay<'_>) -> Answer + Send>;

/// Answers, given what became of the batch.
type Answer = Box<dyn FnOnce(&Result<(), Failure>) + Send>;

impl Writer {
    /// Starts the thread for an open database, which `tree` leads readers to.
    pub(super) fn start(tree: Arc<Gated>, folder: Folder, database: Database) -> io::Result<Self> {
        let (queue, steps) = channel();
        let mut disk = Disk { tree, database: Some(database), folder };
        let thread =
            thread::Builder::new().name("cert-store-writer".into()).spawn(move || disk.run(&steps))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a step and waits for its answer. The step happens even if nobody waits any more.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        decide: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let step: Step = Box::new(move |overlay| {
            let decision = catch_unwind(AssertUnwindSafe(|| decide(overlay)))
                .unwrap_or_else(|_| Err(unavailable(operation, "the step panicked")));
            overlay.end_step(decision.is_ok());
            Box::new(move |written| {
                // Whoever asked may have gone.
                let _ = reply.send(outcome(operation, decision, written));
            })
        });
        let queue = self.queue.as_ref().ok_or_else(|| unavailable(operation, STOPPED))?;
        queue.send(step).map_err(|_| unavailable(operation, STOPPED))?;
        answer.await.unwrap_or_else(|gone| Err(unknown(operation, gone)))
    }
}

/// A refusal stands whatever becomes of the batch; a success only if the batch was written.
fn outcome<T>(
    operation: &'static str,
    decision: Result<T, StoreError>,
    written: &Result<(), Failure>,
) -> Result<T, StoreError> {
    match (decision, written) {
        (Ok(_), Err(Failure::Earlier)) => Err(unavailable(operation, Failure::Earlier)),
        (Ok(_), Err(failure)) => Err(unknown(operation, failure.clone())),
        (decision, _) => decision,
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Steps that share one batch. More would make the first of them wait for no gain.
const MAX_BATCH: usize = 256;

/// How long a database that failed stays as it is before it is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// What batches are written to.
struct Disk {
    tree: Arc<Gated>,
    /// None where it could not be opened again yet.
    database: Option<Database>,
    // The lock goes last.
    folder: Folder,
}

impl Disk {
    fn run(&mut self, steps: &Receiver<Step>) {
        // When to open the database again. Until then nothing is written: it would stand on what may be lost.
        let mut retry = None;
        loop {
            if retry.is_some_and(|at| at <= Instant::now()) {
                retry = (!self.opens_again()).then(|| Instant::now() + PAUSE);
            }
            match next(steps, retry) {
                Ok(first) => {
                    let queued = std::iter::once(first).chain(steps.try_iter()).take(MAX_BATCH);
                    if self.take(queued, retry.is_some()).is_err() {
                        retry = retry.or_else(|| Some(Instant::now() + PAUSE));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.close();
    }

    /// Decides steps, writes what they change unless a write `has_failed` before, and answers them.
    fn take(&self, steps: impl Iterator<Item = Step>, has_failed: bool) -> Result<(), Failure> {
        let mut overlay = Overlay::new(self.database.as_ref().map(Database::tree));
        let answers: Vec<Answer> = steps.map(|step| step(&mut overlay)).collect();
        let written = match &self.database {
            Some(database) if !has_failed => {
                // sled panics on some failures of the disk; the thread goes on, to answer those that come after.
                let written = catch_unwind(AssertUnwindSafe(|| self.write(database, overlay)));
                written.unwrap_or(Err(Failure::Panicked)).inspect_err(|failure| self.report(failure))
            }
            _ => Err(Failure::Earlier),
        };
        for answer in answers {
            answer(&written);
        }
        written
    }

    /// Applies a batch and makes it last.
    fn write(&self, database: &Database, overlay: Overlay<'_>) -> Result<(), Failure> {
        if let Some(batch) = overlay.into_batch() {
            let gate = self.tree.close();
            database.tree().apply_batch(batch)?;
            drop(gate);
            database.sync()?;
        }
        Ok(())
    }

    fn report(&self, failure: &Failure) {
        let (folder, failure) = (self.folder.path().display(), failure as &dyn std::error::Error);
        tracing::error!(%folder, failure, "a write failed; writes are refused until the database opens again");
    }

    /// Closes the database and opens it again, if the disk takes writes: what was read as written and is not on
    /// disk is gone then. As long as there is no room, it stays as it is, so that reads go on.
    fn opens_again(&mut self) -> bool {
        if !self.folder.has_room() {
            return false;
        }
        self.close();
        let folder = self.folder.path().display();
        match catch_unwind(AssertUnwindSafe(|| self.folder.open())) {
            Ok(Ok(database)) => {
                self.tree.put(Some(database.tree().clone()));
                self.database = Some(database);
                tracing::info!(%folder, "the database is open again");
                true
            }
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(%folder, error, "the database does not open again yet");
                false
            }
            // Reported when it happened.
            Err(_) => false,
        }
    }

    /// Takes the database away from readers and closes it.
    fn close(&mut self) {
        self.tree.put(None);
        let database = self.database.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

/// The next step; a time-out when the instant has come.
fn next(steps: &Receiver<Step>, until: Option<Instant>) -> Result<Step, RecvTimeoutError> {
    match until {
        Some(until) => steps.recv_timeout(until.saturating_duration_since(Instant::now())),
        None => steps.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// Why a batch may not be on disk.
#[derive(Clone, Debug, thiserror::Error)]
enum Failure {
    /// Nothing of the batch was applied.
    #[error("a write has failed before, and the database is not open again yet")]
    Earlier,
    #[error("the database panicked")]
    Panicked,
    #[error("the database failed")]
    Sled(#[from] ::sled::Error),
}

fn unknown(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Unknown { backend: BACKEND, operation, source: source.into() }
}

fn unavailable(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Unavailable { backend: BACKEND, operation, source: source.into() }
}

const STOPPED: &str = "the writer thread has stopped";
