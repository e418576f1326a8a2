//! Where CPU work runs: decoding, validation, key derivation.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

/// A piece of CPU work.
pub type Job = Box<dyn FnOnce() + Send>;

/// Runs CPU work, so that a service under load keeps answering.
///
/// An executor that runs one job a core at a time also bounds what hostile uploads can occupy.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs `job` to its end before returning. Dropping it unrun refuses the request.
    async fn execute(&self, job: Job);
}

/// Runs each job where it is asked for: right for a thread a request, and for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inline;

#[async_trait]
impl Executor for Inline {
    async fn execute(&self, job: Job) {
        job();
    }
}

/// The result of `work`, or `None` if the executor dropped it or it panicked there.
pub(crate) async fn run<T: Send + 'static>(
    executor: &dyn Executor,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let slot = Arc::new(Mutex::new(None));
    let filled = Arc::clone(&slot);
    executor
        .execute(Box::new(move || {
            let result = work();
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }))
        .await;
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
