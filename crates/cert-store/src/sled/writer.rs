//! The writer thread: one sync for everything that has queued up.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use super::{
    BACKEND,
    overlay::{Gated, Overlay},
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
    /// Starts the thread for a tree whose data file is `data`.
    pub(super) fn start(tree: Arc<Gated>, data: File) -> io::Result<Self> {
        let (queue, steps) = channel();
        let thread = thread::Builder::new()
            .name("cert-store-writer".into())
            .spawn(move || run(&tree, &data, &steps))?;
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

fn run(tree: &Gated, data: &File, steps: &Receiver<Step>) {
    // The first failure is the last: what comes after it would stand on what may be lost.
    let mut has_failed = false;
    while let Ok(first) = steps.recv() {
        let mut overlay = Overlay::new(tree.tree());
        let queued = std::iter::once(first).chain(std::iter::from_fn(|| steps.try_recv().ok()));
        let answers: Vec<Answer> = queued.take(MAX_BATCH).map(|step| step(&mut overlay)).collect();
        let written = if has_failed {
            Err(Failure::Earlier)
        } else {
            // sled panics on some failures of the disk; the thread goes on, to answer those that come after.
            catch_unwind(AssertUnwindSafe(|| write(tree, data, overlay))).unwrap_or(Err(Failure::Panicked))
        };
        has_failed = written.is_err();
        for answer in answers {
            answer(&written);
        }
    }
}

/// Applies a batch and makes it last. sled's own flush only asks the kernel to start writing.
fn write(tree: &Gated, data: &File, overlay: Overlay<'_>) -> Result<(), Failure> {
    let Some(batch) = overlay.into_batch() else {
        return Ok(());
    };
    let gate = tree.close();
    tree.tree().apply_batch(batch)?;
    drop(gate);
    tree.tree().flush()?;
    data.sync_data().map_err(::sled::Error::from)?;
    Ok(())
}

/// Why a batch may not be on disk.
#[derive(Clone, Debug, thiserror::Error)]
enum Failure {
    /// Nothing of the batch was applied.
    #[error("a write has failed before: the store must be opened again")]
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
