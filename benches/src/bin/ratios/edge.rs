//! Handshakes by an edge over those of the same server with one certificate that never changes.

use std::{collections::HashMap, hint::black_box, sync::Arc};

use cert_core::{KeyType, testing::TestCa};
use cert_rustls::Edge;
use cert_service::LocalKeyRing;
use cert_store::MemoryStore;
use certkeep_benches::{
    edge::{Site, name_of},
    handshake::{Server, client, hello, provider, ready},
    measure::{BATCH, interleaved, median},
};
use rustls::{
    ClientConfig, ServerConfig, SupportedProtocolVersion,
    server::{Accepted, ClientHello, ResolvesServerCert},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use crate::ratio::{Ratio, at_least, at_most};

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    let (ec, rsa) = (Hot::new(KeyType::EcP256), Hot::new(KeyType::Rsa { bits: 2048 }));
    let rounds = rounds.min(200);
    let one = |hot: &Hot, version, way| hot.handshakes(version, way, 1, rounds);
    let many = |hot: &Hot, way| hot.handshakes(&TLS13, way, NAMES, rounds);
    vec![
        at_least(
            "handshakes, EC, TLS 1.3, accept / one static certificate",
            0.97,
            one(&ec, &TLS13, Way::Accept),
        ),
        at_least(
            "handshakes, EC, TLS 1.2, accept / one static certificate",
            0.97,
            one(&ec, &TLS12, Way::Accept),
        ),
        at_least(
            "handshakes, RSA, TLS 1.3, accept / one static certificate",
            0.97,
            one(&rsa, &TLS13, Way::Accept),
        ),
        at_least(
            "handshakes, EC, TLS 1.3, resolver / one static certificate",
            0.97,
            one(&ec, &TLS13, Way::Resolve),
        ),
        at_least("handshakes, EC, 200 in turn, accept / hash map of 200", 0.97, many(&ec, Way::Accept)),
        at_least("handshakes, RSA, 200 in turn, accept / hash map of 200", 0.97, many(&rsa, Way::Accept)),
        at_most("edge, unknown name / known name", 1.0, ec.unknown(rounds)),
    ]
}

/// How an edge comes to its answer.
#[derive(Clone, Copy)]
enum Way {
    Accept,
    Resolve,
}

/// An edge on which everything is opened, and a server whose certificates never change.
struct Hot {
    root: TestCa,
    edge: Edge,
    config: Arc<ServerConfig>,
    fixed: Arc<ServerConfig>,
    table: Arc<ServerConfig>,
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
        let table = Table::of(&edge, &client(root.der(), &TLS13));
        let fixed = serving(Arc::new(SingleCertAndKey::from(Arc::clone(&table.0[&name_of(0, 0)]))));
        Self { root, edge, config, fixed, table: serving(Arc::new(table)) }
    }

    /// Handshakes a second with so many names in turn, over those of the server whose certificates never change.
    fn handshakes(
        &self,
        version: &'static SupportedProtocolVersion,
        way: Way,
        names: usize,
        rounds: usize,
    ) -> f64 {
        let client = client(self.root.der(), version);
        let ours = match way {
            Way::Accept => Server::Prepared(&self.edge, &self.config),
            Way::Resolve => Server::Direct(&self.config),
        };
        let theirs = Server::Direct(if names == 1 { &self.fixed } else { &self.table });
        // A key's first signature makes what later ones share.
        for number in 0..names {
            ours.handshake(&client, &name_of(number, 0));
            theirs.handshake(&client, &name_of(number, 0));
        }
        // Each by itself: some of them together take as long as the system lets a process run.
        let (mut number, mut times) = (0, [Vec::new(), Vec::new()]);
        for _ in 0..rounds * BATCH {
            number = (number + 17) % names;
            times[0].push(ours.handshake(&client, &name_of(number, 0)));
            times[1].push(theirs.handshake(&client, &name_of((number + names / 2) % names, 0)));
        }
        let [ours, theirs] = times.map(|times| median(times).as_secs_f64());
        theirs / ours
    }

    /// What is decided of a name that nobody bound, over one that is at hand.
    fn unknown(&self, rounds: usize) -> f64 {
        let client = client(self.root.der(), &TLS13);
        let hellos = |first: usize| (0..NAMES).map(move |n| name_of(first + n, 0)).collect::<Vec<_>>();
        let [known, unknown] = [hellos(0), hellos(NAMES)]
            .map(|names| names.iter().map(|name| hello(&client, name)).collect::<Vec<_>>());
        let walk = |hellos: Vec<Accepted>| {
            let mut number = 0;
            move || {
                for _ in 0..100 {
                    number = (number + 17) % NAMES;
                    let prepared = ready(self.edge.prepare(&hellos[number].client_hello()));
                    black_box(prepared.cert());
                }
            }
        };
        interleaved(rounds, walk(unknown), walk(known))
    }
}

/// What never changes, by name.
#[derive(Debug)]
struct Table(HashMap<String, Arc<CertifiedKey>>);

impl Table {
    /// The very keys that the edge has opened, so that both sides sign at the same cost.
    fn of(edge: &Edge, client: &Arc<ClientConfig>) -> Self {
        let certified = |name: &str| edge.resolve(hello(client, name).client_hello()).expect("it is opened");
        Self((0..NAMES).map(|n| name_of(n, 0)).map(|name| (name.clone(), certified(&name))).collect())
    }
}

impl ResolvesServerCert for Table {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.get(hello.server_name()?).cloned()
    }
}

fn serving(resolver: Arc<dyn ResolvesServerCert>) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    Arc::new(config)
}

const NAMES: usize = 200;
