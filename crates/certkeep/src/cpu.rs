//! Where the server decodes and validates: on threads of their own, one fewer than there are cores, which yield to the
//! threads that answer.
//!
//! A check of a long signature cannot be interrupted by the runtime, so it must not run there. The system can: a thread
//! of a lower priority has what is left of the processors, and a read does not wait for it. It still has a tenth of what
//! others have, so that reads cannot stop uploads.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use async_trait::async_trait;
use cert_service::{Executor, Job};
use tokio::sync::oneshot;

/// Runs jobs in the order in which they come. Who waits for one has a place of the router's, so they are bounded.
pub(crate) struct Cores(mpsc::Sender<Task>);

struct Task {
    job: Job,
    done: oneshot::Sender<()>,
}

impl Cores {
    /// All cores but one, or the only one.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub(crate) fn but_one() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::of(cores.saturating_sub(1).max(1))
    }

    fn of(threads: usize) -> io::Result<Self> {
        let (sender, tasks) = mpsc::channel();
        let tasks = Arc::new(Mutex::new(tasks));
        for _ in 0..threads {
            let tasks = Arc::clone(&tasks);
            thread::Builder::new().name("cpu".to_owned()).spawn(move || work(&tasks))?;
        }
        Ok(Self(sender))
    }
}

#[async_trait]
impl Executor for Cores {
    async fn execute(&self, job: Job) {
        let (done, finished) = oneshot::channel();
        // The threads live as long as this. What is not run to its end is refused by whoever sent it.
        if self.0.send(Task { job, done }).is_ok() {
            let _ = finished.await;
        }
    }
}

/// Runs tasks until there is nobody left to send any.
fn work(tasks: &Mutex<mpsc::Receiver<Task>>) {
    yield_to_others();
    while let Some(Task { job, done }) = next(tasks) {
        // A request that was given up needs nothing any more.
        if done.is_closed() {
            continue;
        }
        if panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a CPU job did not end well");
        }
        // Its request may have been given up meanwhile.
        let _ = done.send(());
    }
}

/// One thread waits for the next task, and the others for that one.
fn next(tasks: &Mutex<mpsc::Receiver<Task>>) -> Option<Task> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Lets threads of the usual priority go before this one. Only Linux gives each thread a priority of its own.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "uploads are checked at the priority of reads");
    }
}

/// About a tenth of the weight of a thread that is not nice at all.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use cert_service::{Executor as _, Job};

    use super::Cores;

    #[tokio::test]
    async fn jobs_run_and_one_that_panics_takes_no_thread_with_it() {
        let (cores, ran) = (Cores::but_one().unwrap(), Arc::new(AtomicUsize::new(0)));
        for n in 0..64 {
            let ran = Arc::clone(&ran);
            let job = move || {
                assert!(n % 2 == 0, "by design");
                ran.fetch_add(1, Ordering::SeqCst);
            };
            cores.execute(Box::new(job)).await;
        }
        assert_eq!(ran.load(Ordering::SeqCst), 32);
    }

    #[tokio::test]
    async fn a_job_that_nobody_waits_for_is_not_begun() {
        let (cores, ran) = (Arc::new(Cores::of(1).unwrap()), Arc::new(AtomicUsize::new(0)));
        let execute = |job: Job| {
            let cores = Arc::clone(&cores);
            tokio::spawn(async move { cores.execute(job).await })
        };
        let (go_on, told) = mpsc::channel::<()>();
        let blocking = execute(Box::new(move || {
            let _ = told.recv();
        }));
        let counted = Arc::clone(&ran);
        let given_up = execute(Box::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        // Both are in the queue when this goes on.
        tokio::task::yield_now().await;
        given_up.abort();
        assert!(given_up.await.is_err(), "it still waits behind the other");
        drop(go_on);
        blocking.await.unwrap();
        cores.execute(Box::new(|| {})).await;
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }
}
