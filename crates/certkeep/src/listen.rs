//! Accepting connections, and letting them end.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Serves connections until `stop` ends, then lets requests end that are under way, but not for ever. `open` makes of a
/// client's stream the one that HTTP is spoken on, if anything.
pub(crate) async fn serve<Opening, IO>(
    listener: TcpListener,
    router: Router,
    open: impl Fn(TcpStream) -> Opening,
    stop: impl Future<Output = ()>,
) where
    Opening: Future<Output = Option<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut stop = pin!(stop);
    loop {
        let (stream, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let service = TowerToHyperService::new(router.clone());
        let (opening, watcher) = (open(stream), connections.watcher());
        tokio::spawn(async move {
            let Some(stream) = opening.await else { return };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_DEADLINE)
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away in the middle is nobody's error here.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection was cut");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("connections were cut that did not end in time"),
    }
}

/// More wait in the system's queue: each may occupy a body's worth of memory.
const MAX_CONNECTIONS: usize = 4096;
/// A client that sends its headers a byte at a time, or nothing at all, does not keep its place.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there always is a permit.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // It only delays small answers if it fails.
                let _ = stream.set_nodelay(true);
                return (stream, place);
            }
            // Out of file descriptors, most likely: some connection will end.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
