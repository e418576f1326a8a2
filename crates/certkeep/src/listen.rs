//! Accepting connections, and letting them end.

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;

use crate::config::Limits;

/// Listens with a queue that a burst of clients fits into.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Serves connections until `stop` ends, then lets requests end that are under way, but not for ever. `open` makes of a
/// client's stream the one that HTTP is spoken on, if anything.
pub(crate) async fn serve<Opening, IO>(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    open: impl Fn(TcpStream) -> Opening,
    stop: impl Future<Output = ()>,
) where
    Opening: Future<Output = Option<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Send + 'static,
{
    let server = Server { router, limits, connections: GracefulShutdown::new() };
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let turned_away = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            stream = accept(&listener) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => server.serve(open(stream), place),
                Err(_) => turn_away(stream, &turned_away),
            },
        }
    }
    // Clients that have connected already are in the middle of a request, for all they know.
    while let Some(stream) = waiting(&listener).await {
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            server.serve(open(stream), place);
        }
    }
    drop(listener);
    let grace = limits.body_timeout + limits.request_timeout + Duration::from_secs(1);
    tokio::select! {
        () = server.connections.shutdown() => {}
        () = tokio::time::sleep(grace) => tracing::warn!("connections were cut that did not end in time"),
    }
}

const QUEUE: u32 = 4096;
/// Connections that are told that there are too many: they are not many themselves.
const MAX_TURNED_AWAY: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);

struct Server {
    router: Router,
    limits: Limits,
    connections: GracefulShutdown,
}

impl Server {
    fn serve<IO>(
        &self,
        opening: impl Future<Output = Option<IO>> + Send + 'static,
        place: OwnedSemaphorePermit,
    ) where
        IO: AsyncRead + AsyncWrite + Send + 'static,
    {
        let service = TowerToHyperService::new(self.router.clone());
        let Limits { header_timeout, body_timeout, .. } = self.limits;
        let watcher = self.connections.watcher();
        tokio::spawn(async move {
            let Some(stream) = opening.await else { return };
            let mut stream = TimeoutStream::new(stream);
            // Between two parts of an answer that the client takes, not for the whole.
            stream.set_write_timeout(Some(body_timeout));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                // Between requests, too: a client that sends nothing does not keep its place.
                .header_read_timeout(header_timeout)
                .serve_connection(TokioIo::new(Box::pin(stream)), service);
            let open = metrics::gauge!("certkeep_connections");
            open.increment(1.0);
            // A client that goes away in the middle is nobody's error here.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection was cut");
            }
            open.decrement(1.0);
            drop(place);
        });
    }
}

/// Says that there are too many connections, to as many clients as that is cheap for.
fn turn_away(mut stream: TcpStream, places: &Arc<Semaphore>) {
    let Ok(place) = Arc::clone(places).try_acquire_owned() else { return };
    tokio::spawn(async move {
        let answer = async {
            // An answer to a request that was not read would be lost with the connection.
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await?;
            stream.write_all(TOO_MANY.as_bytes()).await?;
            stream.shutdown().await
        };
        // Whoever does not take it in time goes without.
        let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
        metrics::counter!("certkeep_connections_refused_total").increment(1);
        drop(place);
    });
}

const TOO_MANY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 103\r\n\
    Retry-After: 1\r\nX-Reqid: too-many-connections\r\nConnection: close\r\n\r\n\
    {\"code\":503,\"error\":\"The server has too many connections. Try again.\",\"rule\":\"busy\",\"findings\":[]}     ";

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // It only delays small answers if it fails.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            // Out of file descriptors, most likely: some connection will end.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A connection that stands in the queue, if one does.
async fn waiting(listener: &TcpListener) -> Option<TcpStream> {
    tokio::select! {
        biased;
        accepted = listener.accept() => accepted.ok().map(|(stream, _)| stream),
        () = std::future::ready(()) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TOO_MANY;

    #[test]
    fn the_length_is_that_of_the_body() {
        let (head, body) = TOO_MANY.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
