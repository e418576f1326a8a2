//! What each process measures. It prints lines of a name, a number and a unit.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cert_rustls::Edge;
use cert_service::{Caller, CertService, LocalKeyRing};
use cert_store::{PageSize, SledStore, Target};
use certkeep_benches::{
    edge::Site,
    handshake::{Server, client, hello, provider, ready},
};
use rustls::{ClientConfig, ServerConfig, server::Accepted, version::TLS13};

use crate::fill;

/// Open, read what is bound, answer the first client.
pub(crate) fn start(folder: &Path) {
    let begin = Instant::now();
    let mut last = begin;
    let mut lap = |what: &str| {
        print(what, last.elapsed());
        last = Instant::now();
    };
    let store = SledStore::open(fill::store(folder)).expect("it opens");
    lap("store open");
    let certs = service(folder, store);
    let edge = Edge::builder(certs.clone(), provider()).build();
    let config = edge.server_config().expect("the provider has everything");
    lap("service built");
    ready(certs.refresh_names()).expect("it reads");
    lap("names read");
    print("start to ready", begin.elapsed());
    print("start to ready, on a processor", on_processor());
    let bound = bindings(&certs, 1);
    let (client, name) = (trusting(folder), bound[0].domain.as_str());
    let begin = Instant::now();
    Server::Prepared(&edge, &config).handshake(&client, name);
    print("first handshake, client included", begin.elapsed());
    println!("names|{}|", edge.status().names.names);
}

/// What the view of all names takes.
pub(crate) fn cold(folder: &Path) {
    let certs = open(folder);
    // The store keeps what it has read: that is no part of this.
    let names = bindings(&certs, usize::MAX).len();
    let before = resident();
    ready(certs.refresh_names()).expect("it reads");
    println!("memory of a name|{:.0}|B", (resident() - before) / names as f64);
    println!("resident in all, the store's cache included|{:.0}|MB", resident() / 1e6);
}

/// What an opened certificate takes that has signed.
pub(crate) fn hot(folder: &Path) {
    let certs = open(folder);
    ready(certs.refresh_names()).expect("it reads");
    let (bound, client) = (bindings(&certs, usize::MAX), trusting(folder));
    let edge = Edge::builder(certs.clone(), provider()).cache_bytes(usize::MAX).build();
    let config = edge.server_config().expect("the provider has everything");
    let cold = Edge::builder(certs.clone(), provider()).cache_bytes(0).build();
    // The store keeps what it has read, and the first of all handshakes makes what all share.
    bound.iter().for_each(|target| shake(&cold, &config, &client, target));
    let before = resident();
    for target in &bound {
        ready(edge.warm(&target.domain)).expect("it is bound");
    }
    let (opened, begin) = (resident(), Instant::now());
    bound.iter().for_each(|target| shake(&edge, &config, &client, target));
    let (count, spent, status) = (bound.len() as f64, begin.elapsed(), edge.status());
    assert_eq!(status.cached, bound.len());
    println!("memory of a certificate that is opened|{:.0}|B", (opened - before) / count);
    println!("memory of a certificate that has signed|{:.0}|B", (resident() - before) / count);
    println!("the cache's own estimate|{:.0}|B", status.cached_bytes as f64 / count);
    print("its first handshake, client included", spent / bound.len() as u32);
}

/// How long after the answer to a replacement a client is shown it.
pub(crate) fn renew(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let mut times = runtime.block_on(async {
        let ring = LocalKeyRing::from_file(fill::ring(folder)).expect("its ring");
        let store = SledStore::open(fill::store(folder)).expect("it opens");
        let site = Site::new(Arc::new(store), Arc::new(ring)).await;
        let id = site.store(&site.issue(RENEWED)).await;
        site.bind(id, RENEWED).await;
        site.certs.refresh_names().await.expect("it reads");
        let edge = Edge::builder(site.certs.clone(), provider()).build();
        let running = tokio::spawn(edge.run(tokio::time::sleep));
        let hello = hello(&client(site.root.der(), &TLS13), RENEWED);
        let mut times = Vec::new();
        for _ in 0..20 {
            let generation = site.replace(id, &site.issue(RENEWED)).await;
            let begin = Instant::now();
            let shown = async || edge.prepare(&hello.client_hello()).await.cert().expect("it is bound").1;
            while shown().await < generation {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            times.push(begin.elapsed());
        }
        running.abort();
        times
    });
    times.sort_unstable();
    print("replaced to served, median of 20", times[times.len() / 2]);
    print("replaced to served, slowest of 20", times[times.len() - 1]);
}

/// A million clients, by 20,000 hellos: unknown names, and known ones beside them.
pub(crate) fn flood(folder: &Path) {
    let certs = open(folder);
    ready(certs.refresh_names()).expect("it reads");
    let (edge, client) = (Edge::builder(certs.clone(), provider()).build(), trusting(folder));
    let names: Vec<_> = bindings(&certs, 20_000).into_iter().map(|target| target.domain).collect();
    for name in &names {
        ready(edge.warm(name)).expect("it is bound");
    }
    let hellos = |suffix: &str| -> Vec<Accepted> {
        names.iter().map(|name| hello(&client, &format!("{name}{suffix}"))).collect()
    };
    let (known, unknown) = (hellos(""), hellos(".invalid"));
    let (before, loads) = (resident(), edge.status().loads);
    let pass = |hellos: &[Accepted]| {
        let begin = Instant::now();
        for hello in hellos {
            ready(edge.prepare(&hello.client_hello())).cert();
        }
        begin.elapsed() / hellos.len() as u32
    };
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..50 {
        costs[0].push(pass(&known));
        costs[1].push(pass(&unknown));
    }
    let [known, unknown] = costs.map(certkeep_benches::measure::median);
    println!("a known name|{}|ns", known.as_nanos());
    println!("an unknown name|{}|ns", unknown.as_nanos());
    println!("memory that a million of them left|{:.2}|MB", (resident() - before) / 1e6);
    println!("loads that they caused|{}|", edge.status().loads - loads);
    assert_eq!(edge.status().unknown_names as usize, 50 * names.len());
}

const RENEWED: &str = "www.renewed.example.com";

fn shake(edge: &Edge, config: &ServerConfig, client: &Arc<ClientConfig>, target: &Target) {
    Server::Prepared(edge, config).handshake(client, target.domain.as_str());
}

fn open(folder: &Path) -> CertService {
    service(folder, SledStore::open(fill::store(folder)).expect("it opens"))
}

fn service(folder: &Path, store: SledStore) -> CertService {
    let ring = LocalKeyRing::from_file(fill::ring(folder)).expect("its ring");
    fill::runtime().block_on(CertService::builder(store, ring).build()).expect("the ring fits")
}

/// So many of the names that are bound.
fn bindings(certs: &CertService, limit: usize) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    while targets.len() < limit {
        let (caller, size) = (Caller::edge(), PageSize::new(limit.min(1000)));
        let page = ready(certs.bound_all(&caller, targets.last(), size)).expect("it reads");
        if page.is_empty() {
            break;
        }
        targets.extend(page.into_iter().map(|bound| bound.target));
    }
    targets.truncate(limit);
    targets
}

fn trusting(folder: &Path) -> Arc<ClientConfig> {
    client(&fs::read(fill::root(folder)).expect("its root"), &TLS13)
}

fn print(what: &str, time: Duration) {
    println!("{what}|{:.3}|ms", time.as_secs_f64() * 1e3);
}

/// What the main thread has computed, without what it waited for a processor that others had; zero where the system
/// does not say so.
fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}

/// Memory that the process really has, in bytes; zero where the system does not say so.
fn resident() -> f64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or_default() * 4096.0
}
