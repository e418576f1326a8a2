//! The writer thread: one sync for everything that has queued up.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use tokio::sync::oneshot;

use super::{
    BACKEND,
    disk::{Disk, Failure},
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
        let disk = Disk::new(tree, folder, database);
        let thread =
            thread::Builder::new().name("cert-store-writer".into()).spawn(move || run(disk, &steps))?;
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
        (Ok(_), Err(failure)) if failure.is_before() => Err(unavailable(operation, failure.clone())),
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

/// Takes what has queued up, has it decided and written, and answers everybody.
fn run(mut disk: Disk, steps: &Receiver<Step>) {
    loop {
        match next(steps, disk.retry_at()) {
            Ok(first) => {
                let mut overlay = disk.overlay();
                let queued = std::iter::once(first).chain(steps.try_iter()).take(MAX_BATCH);
                let answers: Vec<Answer> = queued.map(|step| step(&mut overlay)).collect();
                let batch = overlay.into_batch();
                let written = disk.write(batch);
                for answer in answers {
                    answer(&written);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        disk.look_after();
    }
}

/// The next step; a time-out when the instant has come.
fn next(steps: &Receiver<Step>, until: Option<Instant>) -> Result<Step, RecvTimeoutError> {
    match until {
        Some(until) => steps.recv_timeout(until.saturating_duration_since(Instant::now())),
        None => steps.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

fn unknown(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Unknown { backend: BACKEND, operation, source: source.into() }
}

fn unavailable(operation: &'static str, source: impl Into<BackendError>) -> StoreError {
    StoreError::Unavailable { backend: BACKEND, operation, source: source.into() }
}

const STOPPED: &str = "the writer thread has stopped";
