//! Handshakes by an edge over those of the same server with one certificate that never changes.

use std::{hint::black_box, sync::Arc, time::Duration};

use cert_core::{
    KeyType,
    testing::{TestCa, TestLeaf},
};
use cert_rustls::Edge;
use cert_service::LocalKeyRing;
use cert_store::MemoryStore;
use certkeep_benches::{
    edge::{Site, name_of},
    handshake::{Server, client, hello, provider, ready},
    measure::{BATCH, interleaved, median},
};
use rustls::{
    ServerConfig, SupportedProtocolVersion,
    version::{TLS12, TLS13},
};

use crate::ratio::{Ratio, at_least, at_most};

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    let (ec, rsa) = (Hot::new(KeyType::EcP256), Hot::new(KeyType::Rsa { bits: 2048 }));
    let rounds = rounds.min(200);
    vec![
        at_least("handshakes, EC, TLS 1.3, accept / static", 0.97, ec.handshakes(&TLS13, true, rounds)),
        at_least("handshakes, EC, TLS 1.2, accept / static", 0.97, ec.handshakes(&TLS12, true, rounds)),
        at_least("handshakes, RSA, TLS 1.3, accept / static", 0.97, rsa.handshakes(&TLS13, true, rounds)),
        at_least("handshakes, EC, TLS 1.3, resolver / static", 0.97, ec.handshakes(&TLS13, false, rounds)),
        at_most("edge, unknown name / known name", 1.0, ec.unknown(rounds)),
    ]
}

/// An edge on which everything is opened, and a server with one certificate.
struct Hot {
    root: TestCa,
    edge: Edge,
    config: Arc<ServerConfig>,
    fixed: Arc<ServerConfig>,
}

impl Hot {
    fn new(key_type: KeyType) -> Self {
        let ring = Arc::new(LocalKeyRing::ephemeral().expect("there is randomness"));
        let site = ready(Site::new(Arc::new(MemoryStore::new()), ring));
        ready(site.fill(NAMES, 1, key_type));
        ready(site.certs.refresh_names()).expect("memory does not fail");
        let edge = Edge::builder(site.certs.clone(), provider()).build();
        for number in 0..NAMES {
            ready(edge.warm(&name_of(number, 0).parse().expect("a name"))).expect("it is bound");
        }
        let config = Arc::new(edge.server_config().expect("the provider has everything"));
        let root = site.root;
        let fixed = Arc::new(fixed(&root, key_type));
        Self { root, edge, config, fixed }
    }

    /// Handshakes a second over those with the one certificate. They take turns, each with the next name.
    fn handshakes(
        &self,
        version: &'static SupportedProtocolVersion,
        is_prepared: bool,
        rounds: usize,
    ) -> f64 {
        let client = client(&self.root, version);
        let ours = match is_prepared {
            true => Server::Prepared(&self.edge, &self.config),
            false => Server::Direct(&self.config),
        };
        let theirs = Server::Direct(&self.fixed);
        let (mut number, mut times) = (0, [Vec::new(), Vec::new()]);
        for _ in 0..rounds {
            let mut spent = [Duration::ZERO; 2];
            for _ in 0..BATCH {
                number = (number + 617) % NAMES;
                spent[0] += ours.handshake(&client, &name_of(number, 0));
                spent[1] += theirs.handshake(&client, FIXED);
            }
            times.iter_mut().zip(spent).for_each(|(times, spent)| times.push(spent));
        }
        let [ours, theirs] = times.map(|times| median(times).as_secs_f64());
        theirs / ours
    }

    /// What is decided of a name that nobody bound, over one that is at hand.
    fn unknown(&self, rounds: usize) -> f64 {
        let client = client(&self.root, &TLS13);
        let hellos = |first: usize| (0..NAMES).map(move |n| name_of(first + n, 0)).collect::<Vec<_>>();
        let [known, unknown] = [hellos(0), hellos(NAMES)]
            .map(|names| names.iter().map(|name| hello(&client, name)).collect::<Vec<_>>());
        let walk = |hellos: Vec<rustls::server::Accepted>| {
            let mut number = 0;
            move || {
                for _ in 0..100 {
                    number = (number + 617) % NAMES;
                    let prepared = ready(self.edge.prepare(&hellos[number].client_hello()));
                    black_box(prepared.cert());
                }
            }
        };
        interleaved(rounds, walk(unknown), walk(known))
    }
}

fn fixed(root: &TestCa, key_type: KeyType) -> ServerConfig {
    let issued = root.intermediate("Fixed CA").issue(&TestLeaf::new(&[FIXED]).key_type(key_type));
    let chain = issued.certificates().iter().map(|der| der.clone().into()).collect();
    let key = pki_types::PrivatePkcs8KeyDer::from(issued.key_der());
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .expect("the key belongs to it")
}

const FIXED: &str = "n0.site-fixed.example.com";
const NAMES: usize = 2_000;
