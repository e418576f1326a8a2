//! Renewals under traffic: the new certificate comes, and nobody notices how.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use cert_core::KeyType;
use cert_rustls::Edge;
use site::{
    Site, alice, cdn,
    client::{Client, base64_of, leaf, openssl_leaf},
    eventually, listen, upload,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Clients that shake hands one after another, and never may fail.
struct Traffic {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Traffic {
    fn start(site: &Site, addresses: &[SocketAddr], names: &[&'static str]) -> Self {
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut clients = Vec::new();
        for (&address, &name) in addresses.iter().flat_map(|a| names.iter().map(move |n| (a, n))) {
            let (stop, count, client) = (Arc::clone(&stop), Arc::clone(&count), Client::new(&site.root));
            clients.push(tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    client.leaf(address, name).await.expect("no handshake fails");
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        Self { stop, count, clients }
    }

    /// Until each client has had its turn once more.
    async fn goes_on(&self) {
        let before = self.count.load(Ordering::SeqCst);
        eventually("traffic", async || {
            self.count.load(Ordering::SeqCst) > before + 2 * self.clients.len() as u64
        })
        .await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.await.unwrap();
        }
    }
}

async fn shown_everywhere(client: &Client, edges: &[SocketAddr], name: &str, expected: &[u8]) {
    for &address in edges {
        let is_shown = async || client.leaf(address, name).await.unwrap() == expected;
        eventually("the new certificate", is_shown).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_edge_serves_what_is_new_and_no_handshake_fails() {
    let site = Site::new().await;
    let issue = |days| site.issue(&["a.example", "b.example"], KeyType::EcP256, days);
    let id = site.serve(&["a.example", "b.example"], &issue(30)).await;
    let mut edges = Vec::new();
    for _ in 0..3 {
        let certs = site.another_service().await;
        let edge = Edge::builder(certs, site::provider()).build();
        tokio::spawn(edge.run(tokio::time::sleep));
        edges.push(listen(&edge).await);
    }
    let client = Client::new(&site.root);
    let mut open = client.connect(edges[0], "a.example").await.unwrap();
    let traffic = Traffic::start(&site, &edges, &["a.example", "b.example"]);
    traffic.goes_on().await;

    let replaced = issue(40);
    site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();
    shown_everywhere(&client, &edges, "a.example", &leaf(&replaced)).await;
    traffic.goes_on().await;

    let over = site.issue(&["a.example"], KeyType::EcP256, 50);
    let taken = site.certs.upload(&alice(), upload(&over).takeover()).await.unwrap();
    assert_eq!(taken.taken_over().len(), 1);
    shown_everywhere(&client, &edges, "a.example", &leaf(&over)).await;
    shown_everywhere(&client, &edges, "b.example", &leaf(&replaced)).await;
    traffic.goes_on().await;

    site.certs.rollback(&alice(), id, None).await.unwrap();
    eventually("the version before", async || {
        client.leaf(edges[2], "b.example").await.unwrap() != leaf(&replaced)
    })
    .await;
    traffic.goes_on().await;
    traffic.end().await;
    let root = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(root.path(), site.root.pem()).unwrap();
    let shown = openssl_leaf(edges[1], root.path().to_str().unwrap(), &["-servername", "a.example"]).await;
    assert_eq!(shown, base64_of(&over.leaf_pem()), "to clients of another make, too");

    open.write_all(b"still here").await.unwrap();
    let mut said = [0; 10];
    open.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_opened_follows_a_replacement_without_a_client() {
    let site = Site::new().await;
    let id = site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    let edge = site.running().await;
    edge.warm(&"a.example".parse().unwrap()).await.unwrap();
    assert_eq!((edge.status().loads, edge.status().cached), (1, 1));
    let replaced = site.issue(&["a.example"], KeyType::EcP256, 40);
    site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();
    eventually("the new version is opened", async || edge.status().loads == 2).await;
    let status = edge.status();
    assert_eq!((status.cached, status.hits, status.served_earlier), (1, 0, 0));

    site.certs.unbind(&alice(), &cdn("a.example")).await.unwrap();
    site.certs.delete(&alice(), id).await.unwrap();
    eventually("the key is dropped", async || edge.status().cached == 0).await;
    assert_eq!(edge.status().cached_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_resolver_that_may_not_wait_serves_the_version_before_and_then_the_new_one() {
    let site = Site::new().await;
    let id = site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    let edge = site.running().await;
    let config = Arc::new(edge.server_config().unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
    });
    let client = Client::new(&site.root);
    assert!(client.leaf(address, "a.example").await.is_err(), "it is not loaded yet");
    assert_eq!(edge.status().not_loaded, 1);
    eventually("it is loaded", async || client.leaf(address, "a.example").await.is_ok()).await;

    let traffic = Traffic::start(&site, &[address], &["a.example"]);
    let replaced = site.issue(&["a.example"], KeyType::EcP256, 40);
    site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();
    shown_everywhere(&client, &[address], "a.example", &leaf(&replaced)).await;
    traffic.goes_on().await;
    traffic.end().await;
}
