//! The writer thread: one sync for everything that has queued up.

use std::{
    fs::File,
    io,
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use super::{
    BACKEND,
    overlay::Overlay,
    steps::{Answer, Reply, Step},
};
use crate::StoreError;

/// The thread and the queue in front of it. Dropping it waits until what has queued up is written.
pub(super) struct Writer {
    queue: Option<Sender<Step>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread for a tree whose data file is `data`.
    pub(super) fn start(tree: ::sled::Tree, data: File) -> io::Result<Self> {
        let (queue, steps) = channel();
        let thread = thread::Builder::new()
            .name("cert-store-writer".into())
            .spawn(move || run(&tree, &data, &steps))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a step and waits for its answer.
    pub(super) async fn run<T>(&self, step: impl FnOnce(Reply<T>) -> Step) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(step(reply)).map_err(|_| stopped())?;
        // The thread answers everything that it took; if it ended in between, the step may have happened.
        answer.await.unwrap_or_else(|gone| {
            Err(StoreError::Unknown { backend: BACKEND, operation: "write", source: gone.into() })
        })
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

fn run(tree: &::sled::Tree, data: &File, steps: &Receiver<Step>) {
    while let Ok(first) = steps.recv() {
        let mut overlay = Overlay::new(tree);
        let queued = std::iter::once(first).chain(std::iter::from_fn(|| steps.try_recv().ok()));
        let answers: Vec<Answer> = queued.take(MAX_BATCH).map(|step| step.decide(&mut overlay)).collect();
        let written = write(tree, data, overlay);
        for answer in answers {
            answer(written.as_ref().err().map(unknown));
        }
    }
}

/// Applies a batch and makes it last. sled's own flush only asks the kernel to start writing.
fn write(tree: &::sled::Tree, data: &File, overlay: Overlay<'_>) -> Result<(), ::sled::Error> {
    if overlay.is_empty() {
        return Ok(());
    }
    tree.apply_batch(overlay.into_batch())?;
    tree.flush()?;
    data.sync_data()?;
    Ok(())
}

fn unknown(error: &::sled::Error) -> StoreError {
    StoreError::Unknown { backend: BACKEND, operation: "write", source: error.clone().into() }
}

fn stopped() -> StoreError {
    let source = "the writer thread has stopped".into();
    StoreError::Unavailable { backend: BACKEND, operation: "write", source }
}
