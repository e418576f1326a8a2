//! Uploads that cost the server as much as uploads can.

use std::{
    fmt,
    time::{Duration, Instant},
};

use cert_core::{
    KeyType,
    testing::{TestCa, TestLeaf, certificates_pem},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Connection, Request},
    server::{Certkeep, Requests, now},
};

/// Requests of both kinds.
pub(crate) struct Uploads {
    rsa: Requests,
    hostile: Requests,
}

/// What was answered.
pub(crate) struct Done {
    accepted: usize,
    refused: usize,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} RSA-4096 uploads, {} hostile ones refused", self.accepted, self.refused)
    }
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

/// Sends both kinds from as many connections each, until the time is over.
pub(crate) async fn run(address: &str, uploads: &Uploads, clients: usize, time: Duration) -> Done {
    let end = Instant::now() + time;
    let mut running = JoinSet::new();
    for kind in [&uploads.rsa, &uploads.hostile] {
        for client in 0..clients {
            let (address, requests) = (address.to_owned(), Requests::clone(kind));
            running.spawn(async move {
                let mut connection = Connection::open(&address).await;
                let (mut accepted, mut refused) = (0, 0);
                for request in requests.iter().cycle().skip(client) {
                    if Instant::now() >= end {
                        break;
                    }
                    match connection.send(request).await {
                        200 => accepted += 1,
                        _ => refused += 1,
                    }
                }
                (accepted, refused)
            });
        }
    }
    let counts = running.join_all().await;
    Done {
        accepted: counts.iter().map(|(accepted, _)| accepted).sum(),
        refused: counts.iter().map(|(_, refused)| refused).sum(),
    }
}
