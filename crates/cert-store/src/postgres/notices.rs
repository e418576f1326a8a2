//! Telling other nodes that something was written, so that they need not ask all the time.
//!
//! A notice inside each write would make all commits of the cluster wait for one lock. So a node gathers: some
//! milliseconds after a write it sends one notice for everything since the last. Polling stays the floor: a notice may be
//! lost, with a connection for one.

use std::{sync::Arc, time::Duration};

use futures_util::future::poll_fn;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_postgres::{AsyncMessage, Client};

use super::{
    connect::{Driver, HostByHost},
    session::Sessions,
    statements::Calls,
};

/// How long a node gathers writes before it tells of them.
const GATHER: Duration = Duration::from_millis(20);
/// How often a listener makes sure that its server is still there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often a node looks up while nothing is written.
const PULSE: Duration = Duration::from_secs(1);
/// Between attempts to listen again.
const PAUSE: Duration = Duration::from_millis(500);

/// Resolves when some node has written to the store, or may have.
///
/// It makes following the feed quick; it does not replace it. A reader waits for a notice or for its own timer,
/// whichever comes first, and then reads the changes.
#[derive(Debug)]
pub struct Notices {
    seen: watch::Receiver<u64>,
    _listener: Option<Task>,
}

impl Notices {
    /// Waits for the next notice since the last call. Several that came meanwhile are one.
    pub async fn changed(&mut self) {
        if self.seen.changed().await.is_err() {
            core::future::pending().await
        }
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends notices of this node's writes.
#[derive(Debug)]
pub(super) struct Notifier {
    written: Arc<Notify>,
    _task: Task,
}

impl Notifier {
    pub(super) fn start(sessions: Arc<Sessions>, calls: Arc<Calls>) -> Self {
        let written = Arc::new(Notify::new());
        let waiting = Arc::clone(&written);
        let task = tokio::spawn(async move {
            loop {
                // A timer that is due before every call's deadline: without one, the runtime's driver is woken to learn
                // of each deadline, which costs a call more than anything else that is ours.
                if timeout(PULSE, waiting.notified()).await.is_err() {
                    continue;
                }
                sleep(GATHER).await;
                if let Err(error) = sessions.read(&calls.notify, &[]).await {
                    tracing::debug!(%error, "a notice was not sent");
                }
            }
        });
        Self { written, _task: Task(task) }
    }

    /// Something was written.
    pub(super) fn written(&self) {
        self.written.notify_one();
    }
}

/// Listens on a connection of its own, and on another when that ends.
pub(super) fn listen(hosts: Option<Arc<HostByHost>>, listen: String) -> Notices {
    let (sender, seen) = watch::channel(0);
    let listener = hosts.map(|hosts| {
        Task(tokio::spawn(async move {
            loop {
                if let Ok((client, driver)) = hosts.connect_to_drive().await {
                    listen_until_it_ends(&client, driver, &listen, &sender).await;
                    // What was told in between went unheard.
                    sender.send_modify(|count| *count += 1);
                }
                sleep(PAUSE).await;
            }
        }))
    });
    Notices { seen, _listener: listener }
}

async fn listen_until_it_ends(
    client: &Client,
    mut driver: Driver,
    listen: &str,
    sender: &watch::Sender<u64>,
) {
    let heard = async {
        while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
            if matches!(message, AsyncMessage::Notification(_)) {
                sender.send_modify(|count| *count += 1);
            }
        }
    };
    // A server that hangs ends no connection.
    let alive = async {
        if client.batch_execute(listen).await.is_err() {
            return;
        }
        sender.send_modify(|count| *count += 1);
        loop {
            sleep(HEARTBEAT).await;
            if !matches!(timeout(HEARTBEAT, client.batch_execute("")).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::select! {
        () = heard => {}
        () = alive => {}
    }
}
