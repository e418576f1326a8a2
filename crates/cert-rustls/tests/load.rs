//! When the store is asked, and when it is not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{sync::Arc, time::Duration};

use cert_core::KeyType;
use cert_rustls::Edge;
use futures_util::future::join_all;
use rustls::{ClientConnection, server::Acceptor};
use site::{
    RSA, Site, alice, cdn,
    client::{Client, leaf},
    eventually, listen, upload,
};

/// What an edge would answer a client with that asks for a name.
async fn prepare(edge: &Edge, client: &Client, name: &str) -> cert_rustls::Prepared {
    let name = name.to_owned().try_into().unwrap();
    let mut connection = ClientConnection::new(Arc::new(client.0.clone()), name).unwrap();
    let (mut hello, mut acceptor) = (Vec::new(), Acceptor::default());
    connection.write_tls(&mut hello).unwrap();
    acceptor.read_tls(&mut hello.as_slice()).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    let preparing = edge.prepare(&accepted.client_hello());
    preparing.await
}

#[tokio::test]
async fn a_start_reads_no_key_and_the_first_client_reads_one() {
    let site = Site::new().await;
    for name in ["a.example", "b.example", "c.example"] {
        site.serve(&[name], &site.issue(&[name], KeyType::EcP256, 30)).await;
    }
    let edge = site.edge().build();
    site.certs.refresh_names().await.unwrap();
    assert_eq!((site.store.keys_read(), edge.status().names.names), (0, 3));
    let client = Client::new(&site.root);
    let calls = site.store.calls();
    assert!(prepare(&edge, &client, "b.example").await.cert().is_some());
    // The record, that something is bound to it, and the key.
    assert_eq!((site.store.calls() - calls, site.store.keys_read()), (3, 1));
    for _ in 0..10 {
        assert!(prepare(&edge, &client, "b.example").await.cert().is_some());
    }
    assert_eq!(site.store.calls() - calls, 3, "nor is the store asked for what is at hand");
    assert_eq!((edge.status().hits, edge.status().cached), (10, 1));
}

#[tokio::test]
async fn before_the_view_is_read_the_store_itself_answers() {
    let site = Site::new().await;
    let issued = site.issue(&["*.zone.example"], KeyType::EcP256, 30);
    site.serve(&["*.zone.example"], &issued).await;
    let edge = site.edge().build();
    let address = listen(&edge).await;
    assert!(!edge.status().names.is_ready);
    let client = Client::new(&site.root);
    assert_eq!(client.leaf(address, "a.zone.example").await.unwrap(), leaf(&issued));
    assert!(client.leaf(address, "unknown.test").await.is_err());
}

#[tokio::test]
async fn of_many_clients_at_once_one_loads() {
    let site = Site::new().await;
    site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    site.store.delay(Duration::from_millis(50));
    let prepared = join_all((0..50).map(|_| prepare(&edge, &client, "a.example"))).await;
    assert!(prepared.iter().all(|prepared| prepared.cert().is_some()));
    assert_eq!((site.store.keys_read(), edge.status().loads), (1, 1));
}

#[tokio::test]
async fn a_load_that_everybody_gave_up_is_begun_again() {
    let site = Site::new().await;
    site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    site.store.delay(Duration::from_secs(3600));
    for _ in 0..3 {
        let given_up =
            tokio::time::timeout(Duration::from_millis(20), prepare(&edge, &client, "a.example")).await;
        assert!(given_up.is_err());
    }
    site.store.delay(Duration::ZERO);
    assert!(prepare(&edge, &client, "a.example").await.cert().is_some());
    assert_eq!(edge.status().loads, 4);
}

#[tokio::test]
async fn what_is_replaced_while_it_is_loaded_is_loaded_again() {
    let site = Site::new().await;
    let id = site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    let replaced = upload(&site.issue(&["a.example"], KeyType::EcP256, 40));
    // The record has been read when the replacement comes, and the key has not.
    let replace = {
        let site = &site;
        async move {
            site.store.delay(Duration::ZERO);
            site.certs.replace(&alice(), id, replaced, None).await.unwrap();
            site.certs.refresh_names().await.unwrap();
        }
    };
    site.store.delay(Duration::from_millis(300));
    let (prepared, ()) = tokio::join!(prepare(&edge, &client, "a.example"), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        replace.await;
    });
    assert_eq!(prepared.cert().map(|(_, generation)| generation.0), Some(2), "{prepared:?}");
    assert_eq!((edge.status().load_failures, edge.status().cached), (0, 1));
}

#[tokio::test]
async fn a_flood_of_unknown_names_asks_the_store_nothing_and_keeps_nothing() {
    let site = Site::new().await;
    site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    let before = (site.store.calls(), edge.status().cached_bytes);
    for number in 0..2_000 {
        let prepared = prepare(&edge, &client, &format!("n{number}.b.example")).await;
        assert!(prepared.failure().is_some() && prepared.cert().is_none());
    }
    assert_eq!((site.store.calls(), edge.status().cached_bytes), before);
    assert_eq!((edge.status().unknown_names, edge.status().names.names), (2_000, 1));
}

#[tokio::test]
async fn the_cache_keeps_to_its_bound_and_everything_is_served() {
    let site = Site::new().await;
    let mut names = Vec::new();
    for number in 0..12 {
        let (name, key_type) =
            (format!("n{number}.example"), if number % 3 == 0 { RSA } else { KeyType::EcP256 });
        site.serve(&[&name], &site.issue(&[&name], key_type, 30)).await;
        names.push(name);
    }
    site.certs.refresh_names().await.unwrap();
    let client = Client::new(&site.root);
    for capacity in [0, 12_000, usize::MAX] {
        let edge = site.edge().cache_bytes(capacity).build();
        for name in names.iter().chain(names.iter().rev()) {
            assert!(prepare(&edge, &client, name).await.cert().is_some(), "{name}");
            let status = edge.status();
            assert!(status.cached_bytes <= capacity && status.cache_capacity == capacity);
            assert_eq!(status.cached == 0, status.cached_bytes == 0);
        }
        let status = edge.status();
        match capacity {
            0 => assert_eq!(status.loads, 24),
            usize::MAX => assert_eq!((status.loads, status.cached), (12, 12)),
            _ => assert!((2..12).contains(&status.cached) && status.loads < 24, "{status:?}"),
        }
    }
}

#[tokio::test]
async fn of_two_types_of_key_only_the_one_that_is_needed_is_opened() {
    let site = Site::new().await;
    site.serve(&["a.example"], &site.issue(&["a.example"], RSA, 30)).await;
    let ec = site.issue(&["a.example"], KeyType::EcP256, 30);
    let id = site.certs.upload(&alice(), upload(&ec)).await.unwrap().id();
    site.bind(id, cdn("a.example").alternate()).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    assert_eq!(prepare(&edge, &client, "a.example").await.cert().unwrap().0, id);
    assert_eq!((site.store.keys_read(), edge.status().cached), (1, 1));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_opened_is_no_burden_and_comes_back() {
    let site = Site::new().await;
    let id = site.serve(&["a.example"], &site.issue(&["a.example"], KeyType::EcP256, 30)).await;
    site.certs.refresh_names().await.unwrap();
    let (edge, client) = (site.edge().build(), Client::new(&site.root));
    site.store.fail(true);
    let calls = site.store.calls();
    for _ in 0..100 {
        let prepared = prepare(&edge, &client, "a.example").await;
        assert!(prepared.failure().unwrap().to_string().contains("not to be had"));
    }
    assert!(site.store.calls() - calls < 100, "a failure is the answer for a moment");
    let status = edge.status();
    assert!(status.load_failures >= 1 && status.last_failure.unwrap().contains("out of reach"));

    site.store.fail(false);
    let is_served = async || prepare(&edge, &client, "a.example").await.cert().is_some();
    eventually("it is served again", is_served).await;

    // The next version cannot be had: the one that is at hand goes on.
    site.certs
        .replace(&alice(), id, upload(&site.issue(&["a.example"], KeyType::EcP256, 40)), None)
        .await
        .unwrap();
    site.certs.refresh_names().await.unwrap();
    site.store.fail(true);
    let generation = prepare(&edge, &client, "a.example").await.cert().unwrap().1;
    assert_eq!((generation.0, edge.status().served_earlier), (1, 1));
    site.store.fail(false);
    let is_new = async || prepare(&edge, &client, "a.example").await.cert().unwrap().1.0 == 2;
    eventually("the next version is served", is_new).await;
}
