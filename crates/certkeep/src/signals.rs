//! What a server is told from outside: to stop, and to read its configuration again.

use tokio::sync::watch;

use crate::failure::Failure;

/// From here on, signals are waited for.
pub(crate) struct Signals {
    pub(crate) stop: Stop,
    pub(crate) reload: Reload,
}

/// Ctrl-C, or what a service manager sends. Clones end together.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Ends when the server is to stop.
    pub(crate) async fn wait(mut self) {
        // The sender is gone only where signals cannot be waited for any more: then nobody asks to stop.
        if self.0.wait_for(|&stopping| stopping).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
mod unix {
    use tokio::{
        signal::unix::{Signal, SignalKind, signal},
        sync::watch,
    };

    use super::{Failure, Signals, Stop};

    /// Each SIGHUP.
    pub(crate) struct Reload(Signal);

    impl Reload {
        /// Waits for the next one.
        pub(crate) async fn next(&mut self) -> Option<()> {
            self.0.recv().await
        }
    }

    impl Signals {
        pub(crate) fn install() -> Result<Self, Failure> {
            let wait_for = |kind| {
                signal(kind).map_err(|error| Failure::new(format!("cannot wait for signals: {error}")))
            };
            let reload = Reload(wait_for(SignalKind::hangup())?);
            let (mut interrupt, mut terminate) =
                (wait_for(SignalKind::interrupt())?, wait_for(SignalKind::terminate())?);
            let (sender, receiver) = watch::channel(false);
            tokio::spawn(async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                tracing::info!("stopping");
                // Nobody listens any more if the server has ended already.
                let _ = sender.send(true);
                sender.closed().await;
            });
            Ok(Self { stop: Stop(receiver), reload })
        }
    }
}

#[cfg(not(unix))]
mod other {
    use tokio::sync::watch;

    use super::{Failure, Signals, Stop};

    /// There is no such signal.
    pub(crate) struct Reload;

    impl Reload {
        pub(crate) async fn next(&mut self) -> Option<()> {
            None
        }
    }

    impl Signals {
        pub(crate) fn install() -> Result<Self, Failure> {
            let (sender, receiver) = watch::channel(false);
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    // Nobody listens any more if the server has ended already.
                    let _ = sender.send(true);
                }
                sender.closed().await;
            });
            Ok(Self { stop: Stop(receiver), reload: Reload })
        }
    }
}

#[cfg(not(unix))]
pub(crate) use other::Reload;
#[cfg(unix)]
pub(crate) use unix::Reload;
