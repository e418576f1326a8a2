//! Uploads that cost the server as much as uploads can.

use std::{
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use cert_core::{
    KeyType,
    testing::{TestCa, TestLeaf, certificates_pem},
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Connection, Request},
    cpu,
    server::{Certkeep, Requests, now},
};

/// Requests of both kinds.
#[derive(Clone)]
pub(crate) struct Uploads {
    rsa: Requests,
    hostile: Requests,
}

/// What was answered.
#[derive(Serialize)]
pub(crate) struct Done {
    pub(crate) accepted_per_second: f64,
    pub(crate) refused_per_second: f64,
}

pub(crate) fn requests(server: &Certkeep) -> Uploads {
    let rsa = KeyType::Rsa { bits: 4096 };
    let ca = server.root.intermediate("Load CA");
    let rsa = (0..4).map(|n| {
        let issued = ca.issue(&TestLeaf::new(&[&format!("rsa{n}.example.com")]).key_type(rsa));
        upload(&issued.chain_pem(), &issued.key_pem())
    });
    let (circle, garbage) =
        (circle(&server.root), json!({ "ca": "A".repeat(250_000), "pri": "B".repeat(250_000) }));
    let garbage = Certkeep::signed("POST", "/sslcert", &garbage);
    Uploads { rsa: rsa.collect(), hostile: [circle, garbage].into() }
}

/// Intermediates that certify each other, two keys to a name: every order of them is a path of names.
fn circle(root: &TestCa) -> Request {
    const NAMES: [&str; 6] = ["A", "A", "B", "B", "C", "C"];
    let cas: Vec<TestCa> = NAMES.iter().map(|name| root.intermediate(name)).collect();
    let stranger = TestCa::root("Stranger", now());
    let leaf = stranger.cross_sign(&cas[0], "A");
    let issued = leaf.issue(&TestLeaf::new(&["www.example.com"]));
    let mut certificates = vec![issued.certificates()[0].clone()];
    for (below, above) in [(0, 2), (1, 3), (2, 4), (3, 5), (4, 0), (5, 1)] {
        certificates.push(cas[above].cross_sign(&cas[below], NAMES[below]).der().to_vec());
    }
    upload(&certificates_pem(&certificates), &issued.key_pem())
}

fn upload(chain: &str, key: &str) -> Request {
    let body: Value = json!({ "name": "load", "ca": chain, "pri": key });
    Certkeep::signed("POST", "/sslcert", &body)
}

/// Uploads that are under way.
pub(crate) struct Uploading(JoinHandle<Done>);

impl Uploading {
    /// What was answered, once the time is over.
    pub(crate) fn done(self) -> Done {
        self.0.join().expect("the uploading thread ends well")
    }
}

/// Sends both kinds from as many connections each, until the time is over. Unless it is `busy`, the connections stand
/// open, and nothing is sent.
///
/// It has a thread of its own that yields to others: on the server's machine there would be no such client.
pub(crate) fn start(
    address: &str,
    uploads: &Uploads,
    clients: usize,
    time: Duration,
    busy: bool,
) -> Uploading {
    let (address, uploads) = (address.to_owned(), uploads.clone());
    Uploading(thread::spawn(move || {
        cpu::yield_to_others();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("it needs no thread").block_on(run(&address, &uploads, clients, time, busy))
    }))
}

async fn run(address: &str, uploads: &Uploads, clients: usize, time: Duration, busy: bool) -> Done {
    let end = Instant::now() + time;
    let mut running = JoinSet::new();
    for kind in [&uploads.rsa, &uploads.hostile] {
        for client in 0..clients {
            let (address, requests) = (address.to_owned(), Requests::clone(kind));
            running.spawn(async move {
                let connection = Connection::open(&address).await;
                if busy {
                    return send(connection, &requests, client, end).await;
                }
                tokio::time::sleep_until(end.into()).await;
                drop(connection);
                (0, 0)
            });
        }
    }
    let counts = running.join_all().await;
    let per_second = |count: usize| count as f64 / time.as_secs_f64();
    Done {
        accepted_per_second: per_second(counts.iter().map(|(accepted, _)| accepted).sum()),
        refused_per_second: per_second(counts.iter().map(|(_, refused)| refused).sum()),
    }
}

/// How many were accepted and how many refused.
async fn send(
    mut connection: Connection,
    requests: &[Request],
    skipped: usize,
    end: Instant,
) -> (usize, usize) {
    let (mut accepted, mut refused) = (0, 0);
    for request in requests.iter().cycle().skip(skipped) {
        if Instant::now() >= end {
            break;
        }
        match connection.send(request).await {
            200 => accepted += 1,
            _ => refused += 1,
        }
    }
    (accepted, refused)
}
