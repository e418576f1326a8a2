//! Stores that go away, fall behind and come back: an edge goes on, and misses nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::sync::Arc;

use cert_core::KeyType;
use cert_rustls::Edge;
use cert_service::Caller;
use cert_store::{CertStore, PageSize, SledStore, TargetKind};
use site::{
    DAY, Site, alice, cdn,
    client::{Client, leaf},
    eventually,
    faulty::Switch,
    listen, upload,
};

const CDN: TargetKind = TargetKind::Cdn;

/// Whether the edge has exactly what the store has.
async fn is_the_same(site: &Site, edge: &Edge, certs: &cert_service::CertService) -> bool {
    let bound = site.certs.bound_all(&Caller::edge(), None, PageSize::MAX).await.unwrap();
    bound.len() == edge.status().names.names
        && bound.iter().all(|bound| {
            let found = certs.lookup(CDN, bound.target.domain.as_str());
            found
                .and_then(|found| found.primary())
                .is_some_and(|served| (served.id, served.generation) == (bound.id, bound.generation))
        })
}

/// An edge on a service of its own, and the handle of what keeps it fresh.
async fn edge_of(site: &Site) -> (Edge, cert_service::CertService) {
    let certs = site.another_service().await;
    let edge = Edge::builder(certs.clone(), site::provider()).build();
    certs.refresh_names().await.unwrap();
    (edge, certs)
}

/// Every kind of change, many times.
async fn change_everything(site: &Site) {
    let mut ids = Vec::new();
    for days in [30, 35] {
        let issued = site.issue(&["*.example"], KeyType::EcP256, days);
        ids.push(site.serve(&[], &issued).await);
    }
    for round in 0..300_usize {
        let domain = format!("n{}.example", round * 7 % 41);
        if round % 5 == 4 {
            site.certs.unbind(&alice(), &cdn(&domain)).await.unwrap();
        } else {
            site.bind(ids[round % 2], cdn(&domain)).await;
        }
        if round % 50 == 49 {
            let issued = site.issue(&["*.example"], KeyType::EcP256, 36 + round as i64);
            site.certs.replace(&alice(), ids[0], upload(&issued), None).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_without_its_store_serves_what_it_has_and_says_so() {
    let site = Site::new().await;
    let [hot, cold] = ["hot.example", "cold.example"].map(|name| site.issue(&[name], KeyType::EcP256, 30));
    let id = site.serve(&["hot.example"], &hot).await;
    site.serve(&["cold.example"], &cold).await;
    let (edge, certs) = edge_of(&site).await;
    tokio::spawn(edge.run(tokio::time::sleep));
    let (address, client) = (listen(&edge).await, Client::new(&site.root));
    assert_eq!(client.leaf(address, "hot.example").await.unwrap(), leaf(&hot));

    site.store.fail(true);
    eventually("it notices", async || !edge.status().names.is_connected).await;
    assert_eq!(client.leaf(address, "hot.example").await.unwrap(), leaf(&hot));
    assert!(client.leaf(address, "cold.example").await.is_err(), "it was never opened");
    let status = edge.status();
    assert!(status.names.is_ready && status.names.last_error.unwrap().contains("out of reach"));
    assert!(status.load_failures >= 1 && status.last_failure.is_some());
    let lag = edge.status().names.lag.unwrap();
    eventually("its lag grows", async || edge.status().names.lag.unwrap() > lag).await;

    site.store.fail(false);
    let replaced = site.issue(&["hot.example"], KeyType::EcP256, 40);
    site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();
    let is_new = async || client.leaf(address, "hot.example").await.unwrap() == leaf(&replaced);
    eventually("what was replaced meanwhile", is_new).await;
    let is_served = async || client.leaf(address, "cold.example").await.is_ok();
    eventually("what could not be opened", is_served).await;
    assert!(edge.status().names.is_connected && is_the_same(&site, &edge, &certs).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_feed_is_read_on_without_a_gap() {
    let site = Site::new().await;
    let (edge, certs) = edge_of(&site).await;
    tokio::spawn(edge.run(tokio::time::sleep));
    let interrupted = {
        let store = Arc::clone(&site.store);
        tokio::spawn(async move {
            for round in 0_u64.. {
                store.fail_feed(round % 2 == 0);
                tokio::time::sleep(std::time::Duration::from_millis(15)).await;
            }
        })
    };
    for _ in 0..8 {
        change_everything(&site).await;
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    interrupted.abort();
    let _ = interrupted.await;
    site.store.fail_feed(false);
    eventually("it has everything", async || is_the_same(&site, &edge, &certs).await).await;
    assert_eq!(edge.status().names.restarts, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_edge_misses_nothing_even_below_the_floor_of_the_feed() {
    let site = Site::new().await;
    let kept = site.issue(&["kept.example"], KeyType::EcP256, 30);
    site.serve(&["kept.example"], &kept).await;
    let (edge, certs) = edge_of(&site).await;
    let client = Client::new(&site.root);
    let address = listen(&edge).await;
    for below_the_floor in [false, true] {
        let running = tokio::spawn(edge.run(tokio::time::sleep));
        eventually("it is in step", async || is_the_same(&site, &edge, &certs).await).await;
        running.abort();
        let _ = running.await;
        change_everything(&site).await;
        assert!(!is_the_same(&site, &edge, &certs).await, "nothing keeps it fresh");
        if below_the_floor {
            site.store.prune(site.now + DAY).await.unwrap();
        }
        let running = tokio::spawn(edge.run(tokio::time::sleep));
        // All the while it serves what it has served.
        eventually("it has everything", async || {
            assert_eq!(client.leaf(address, "kept.example").await.unwrap(), leaf(&kept));
            is_the_same(&site, &edge, &certs).await
        })
        .await;
        assert_eq!(edge.status().names.restarts, u64::from(below_the_floor));
        running.abort();
        let _ = running.await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_disk_may_be_restarted_under_an_edge() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Arc::new(Switch::new(Arc::new(SledStore::open(folder.path()).unwrap())));
    let site = Site::on_shared(Arc::clone(&switch) as _).await;
    let first = site.issue(&["a.example"], KeyType::EcP256, 30);
    let id = site.serve(&["a.example"], &first).await;
    let (edge, certs) = edge_of(&site).await;
    tokio::spawn(edge.run(tokio::time::sleep));
    let (address, client) = (listen(&edge).await, Client::new(&site.root));
    for days in [40, 50] {
        client.leaf(address, "a.example").await.unwrap();
        switch.switch(None);
        eventually("it notices", async || !edge.status().names.is_connected).await;
        client.leaf(address, "a.example").await.expect("it is at hand");
        // A call that is under way may hold the old one open for a moment.
        eventually("it opens again", async || match SledStore::open(folder.path()) {
            Ok(store) => {
                switch.switch(Some(Arc::new(store)));
                true
            }
            Err(_) => false,
        })
        .await;
        let replaced = site.issue(&["a.example"], KeyType::EcP256, days);
        site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();
        let is_new = async || client.leaf(address, "a.example").await.unwrap() == leaf(&replaced);
        eventually("the new certificate", is_new).await;
    }
    assert!(is_the_same(&site, &edge, &certs).await);
    assert_eq!(edge.status().names.restarts, 0, "the feed went on where it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_state_of_the_store_is_not_served() {
    let site = Site::new().await;
    let id = site
        .serve(
            &["a.example", "b.example"],
            &site.issue(&["*.example", "a.example", "b.example"], KeyType::EcP256, 30),
        )
        .await;
    let before: Arc<dyn CertStore> = Arc::new(cert_store::MemoryStore::new());
    for entry in site.store.export(None, PageSize::MAX).await.unwrap() {
        before.import(entry, site.now).await.unwrap();
    }
    let replaced = site.issue(&["a.example", "b.example"], KeyType::EcP256, 40);
    site.certs.replace(&alice(), id, upload(&replaced), None).await.unwrap();

    let switch = Arc::new(Switch::new(Arc::clone(&site.store) as _));
    let other = Site::on_ring(Arc::clone(&switch) as _, Arc::clone(&site.ring)).await;
    let edge = other.running().await;
    let (address, client) = (listen(&edge).await, Client::new(&site.root));
    assert_eq!(client.leaf(address, "a.example").await.unwrap(), leaf(&replaced));
    switch.switch(Some(before));
    eventually("it is refused", async || edge.status().names.refused > 0).await;
    assert_eq!(edge.status().names.last_refused, Some(id));
    assert_eq!(client.leaf(address, "a.example").await.unwrap(), leaf(&replaced));

    // Another edge has seen the replacement too, but has not opened it: it must not open the earlier one.
    let cold = Edge::builder(other.certs.clone(), site::provider()).build();
    let address = listen(&cold).await;
    assert!(client.leaf(address, "b.example").await.is_err());
    assert!(cold.status().last_failure.unwrap().contains("generation 1"));
}
