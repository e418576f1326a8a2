//! A client that costs little: requests as bytes, one after another on connections that stay.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// The bytes of a request.
#[derive(Clone)]
pub(crate) struct Request(Arc<[u8]>);

impl Request {
    pub(crate) fn get(target: &str, headers: &[(&str, &str)]) -> Self {
        Self::new("GET", target, headers, b"")
    }

    pub(crate) fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut text =
            format!("{method} {target} HTTP/1.1\r\nHost: load\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        Self([text.as_bytes(), body].concat().into())
    }
}

/// How long each request took, from as many connections as `clients`, until the time is over.
pub(crate) async fn run(address: &str, request: &Request, clients: usize, time: Duration) -> Vec<Duration> {
    let end = Instant::now() + time;
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (address, request) = (address.to_owned(), request.clone());
        running.spawn(async move {
            let mut connection = Connection::open(&address).await;
            let mut times = Vec::new();
            while Instant::now() < end {
                let start = Instant::now();
                let status = connection.send(&request).await;
                times.push(start.elapsed());
                assert_eq!(status, 200, "a read is answered");
            }
            times
        });
    }
    running.join_all().await.concat()
}

/// The body of one answer.
pub(crate) async fn body(address: &str, request: &Request) -> Vec<u8> {
    let mut connection = Connection::open(address).await;
    let status = connection.send(request).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&connection.buffer));
    let head = end_of_head(&connection.buffer).expect("an answer has a head");
    connection.buffer.split_off(head)
}

pub(crate) fn percentile(mut times: Vec<Duration>, part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}

/// A connection, and the last answer on it.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: Vec::new() }
    }

    /// The status of the answer, once all of it has come.
    pub(crate) async fn send(&mut self, request: &Request) -> u16 {
        self.buffer.clear();
        self.stream.write_all(&request.0).await.expect("the server reads");
        let mut wanted = usize::MAX;
        while self.buffer.len() < wanted {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            if wanted == usize::MAX
                && let Some(head) = end_of_head(&self.buffer)
            {
                wanted = head + content_length(&self.buffer[..head]);
            }
        }
        std::str::from_utf8(&self.buffer[9..12]).ok().and_then(|text| text.parse().ok()).expect("a status")
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("a head is text").to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    line.trim().parse().expect("a number")
}
