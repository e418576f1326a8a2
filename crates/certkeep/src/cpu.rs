//! Where the server decodes and validates: one job a core at a time, off the threads that answer.

use async_trait::async_trait;
use cert_service::{Executor, Job};
use tokio::sync::Semaphore;

/// Runs jobs on blocking threads, as many at once as there are cores.
pub(crate) struct Cores(Semaphore);

impl Cores {
    pub(crate) fn all() -> Self {
        Self(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)))
    }
}

#[async_trait]
impl Executor for Cores {
    async fn execute(&self, job: Job) {
        // The semaphore is never closed. A job that panics is lost, and its request is refused for it.
        if let Ok(_permit) = self.0.acquire().await
            && let Err(error) = tokio::task::spawn_blocking(job).await
        {
            tracing::error!(%error, "a CPU job did not end well");
        }
    }
}
