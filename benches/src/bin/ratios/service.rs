//! cert-service over the core and the store that it stands on, and over the tables and ciphers within it.

use std::{
    collections::HashMap,
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use cert_core::{Bundle, Certificate, KeyType, ValidationPolicy};
use cert_service::{Caller, CertService, FixedClock, LocalKeyRing, NameView, Plan, Upload, testing};
use cert_store::{
    BindOptions, Binding, CertId, CertStore, Generation, Labels, LeafFacts, MemoryStore, NewCert, OwnerId,
    Quota, SealedKey, Target, TargetKind,
};
use certkeep_benches::{
    measure::interleaved,
    sample::{NOW, Sample},
};

use crate::ratio::{Ratio, at_most};

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    let names = Names::new(1_000_000);
    let before = resident_bytes();
    let view = names.view();
    let bytes_a_name = (resident_bytes() - before) / names.bound.len() as f64;
    let mut ratios = vec![
        at_most("upload, EC P-256 / core and memory store", 1.05, upload(KeyType::EcP256, &ROOTS, rounds)),
        at_most(
            "upload, RSA 2048 / core and memory store",
            1.05,
            upload(KeyType::Rsa { bits: 2048 }, &ROOTS, rounds),
        ),
        at_most(
            "upload, EC, known intermediate / core and memory store",
            1.05,
            upload(KeyType::EcP256, &ROOTS[..1], rounds),
        ),
        at_most(
            "seal and open, EC P-256 / one AES-256-GCM pass",
            80.0,
            seal_and_open(KeyType::EcP256, rounds),
        ),
        at_most(
            "seal and open, RSA 2048 / one AES-256-GCM pass",
            45.0,
            seal_and_open(KeyType::Rsa { bits: 2048 }, rounds),
        ),
    ];
    ratios.extend(resolve(&names, &view, rounds));
    ratios.push(at_most("bytes of memory a name of 1M in the view", 200.0, bytes_a_name));
    ratios
}

/// Below two intermediates that take turns, and with a cache of one signature, every signature is checked.
const ROOTS: [&str; 2] = ["Root A", "Root B"];

/// The whole call, over what it calls: decoding, judging, and storing under an id. What is more is the sealing, for the
/// most part.
fn upload(key_type: KeyType, roots: &[&str], rounds: usize) -> f64 {
    let samples: Vec<Sample> = roots.iter().map(|root| Sample::new(key_type, root)).collect();
    let policy = Arc::new(Sample::policy(&samples.iter().collect::<Vec<_>>(), 1));
    let certs = ready(
        CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral().expect("there is randomness"))
            .policies(Plan::new(Arc::clone(&policy)).with_quota(Quota::UNLIMITED))
            .clock(FixedClock::new(NOW))
            .build(),
    )
    .expect("the store is empty");
    let (caller, mut number) = (Caller::tenant("alice").expect("a name"), 0_u64);
    let ours = || {
        for sample in &samples {
            number += 1;
            let upload = Upload::pem(sample.chain.as_str(), sample.key.as_str()).name(number.to_string());
            black_box(ready(certs.upload(&caller, upload)).expect("it is valid"));
        }
    };
    let (store, mut other) = (MemoryStore::new(), 0);
    let parts = || {
        for sample in &samples {
            other += 1;
            let cert = judged(sample, &policy, other);
            black_box(ready(store.insert(cert, Quota::UNLIMITED, NOW)).expect("it is stored"));
        }
    };
    interleaved(rounds, ours, parts)
}

/// What the core makes of an upload, in the form that a store takes, with a sealed key that cost nothing.
fn judged(sample: &Sample, policy: &ValidationPolicy, number: u64) -> NewCert {
    let bundle = Bundle::decode(sample.chain.as_bytes(), sample.key.as_bytes()).expect("it decodes");
    let valid = bundle.validate(policy, NOW).expect("it is valid");
    let (leaf, owner) = (valid.leaf(), OwnerId::new("alice").expect("a name"));
    let facts = LeafFacts {
        dns_names: leaf.dns_names().to_vec(),
        cover_names: leaf.cover_names(),
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
        key_type: valid.key().key_type(),
        fingerprint: leaf.fingerprint(),
        spki_fingerprint: leaf.spki_fingerprint(),
        serial: leaf.serial().to_vec(),
        issuer: leaf.issuer_der().to_vec(),
    };
    let mut sealed_key = b"\x01\x01\x00\x03k-1".to_vec();
    sealed_key.extend(valid.key().secret_der());
    NewCert {
        id: CertId::from_parts(1, owner.shard(), number),
        owner,
        name: number.to_string(),
        common_name: leaf.common_name().unwrap_or_default(),
        labels: Labels::default(),
        leaf: facts,
        chain: valid.served_chain().iter().map(Certificate::as_der).collect(),
        sealed_key: SealedKey::from_bytes(sealed_key).expect("a header"),
    }
}

/// Both ways through the envelope with the local ring, over encrypting the same bytes once.
fn seal_and_open(key_type: KeyType, rounds: usize) -> f64 {
    let sample = Sample::new(key_type, "Root");
    let bundle = Bundle::decode(sample.chain.as_bytes(), sample.key.as_bytes()).expect("it decodes");
    let ring = LocalKeyRing::ephemeral().expect("there is randomness");
    let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key of 32 bytes");
    let (key, mut buffer) = (LessSafeKey::new(key), sample.key_der.clone());
    let raw = || {
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut buffer);
        black_box(tag.expect("it encrypts").as_ref()[0]);
    };
    let ours = || {
        black_box(ready(testing::seal_and_open(&ring, bundle.key())).expect("it opens"));
    };
    interleaved(rounds, ours, raw)
}

/// Lookups in an order that no cache foresees, some thousands a turn. Each waits for the one before, as those of
/// handshakes do: a loop of lookups that do not would measure how many of them the processor has under way at once.
fn resolve(names: &Names, view: &NameView, rounds: usize) -> [Ratio; 2] {
    let served = (CertId::MIN, Generation(0));
    let map: HashMap<String, _> = names.bound.iter().map(|name| (name.clone(), served)).collect();
    let rounds = rounds.min(100);
    let known = interleaved(
        rounds,
        walk(&names.asked, |name| generation_of(view, name) - 1),
        walk(&names.bound, |name| map[name].1.0),
    );
    let unknown = interleaved(
        rounds,
        walk(&names.unknown, |name| generation_of(view, name)),
        walk(&names.asked, |name| generation_of(view, name) - 1),
    );
    [
        at_most("resolve, 1M names, 10 % wildcards / raw hash map, the same keys", 1.5, known),
        at_most("resolve, unknown name / known name", 1.0, unknown),
    ]
}

/// The generation that serves a name, from 1; 0 where none does.
fn generation_of(view: &NameView, name: &str) -> u64 {
    let found = view.resolve(TargetKind::Cdn, name, NOW).and_then(|found| found.slots().next());
    found.map_or(0, |served| served.generation.0)
}

/// A turn of lookups that give zero, each of a name that the one before it decides.
fn walk<'a>(names: &'a [String], mut look: impl FnMut(&'a str) -> u64) -> impl FnMut() {
    let mut n = 0;
    move || {
        for _ in 0..2_000 {
            let zero = look(&names[n]);
            n = (n + 736_787 + zero as usize) % names.len();
        }
        black_box(n);
    }
}

/// A million names as they are bound and as they are asked for, and as many that nobody bound.
struct Names {
    bound: Vec<String>,
    asked: Vec<String>,
    unknown: Vec<String>,
}

impl Names {
    fn new(count: usize) -> Self {
        let is_wildcard = |n: usize| n.is_multiple_of(10);
        let name = |label: &str, n: usize| format!("{label}.customer-{n}.example.com");
        Self {
            bound: (0..count).map(|n| name(if is_wildcard(n) { "*" } else { "www" }, n)).collect(),
            asked: (0..count).map(|n| name("www", n)).collect(),
            unknown: (0..count).map(|n| name("www", count + n)).collect(),
        }
    }

    /// Each with a certificate of its own.
    fn view(&self) -> NameView {
        let (view, owner) = (NameView::new(), OwnerId::new("alice").expect("a name"));
        for (n, name) in self.bound.iter().enumerate() {
            view.put(&Binding {
                target: Target::cdn(name.parse().expect("a host name")),
                owner: owner.clone(),
                id: CertId::from_parts(1, owner.shard(), n as u64),
                generation: Generation::FIRST,
                not_after: NOW + 86_400,
                key_type: KeyType::EcP256,
                options: BindOptions::default(),
            });
        }
        view
    }
}

/// The result of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a store in memory answers at once"),
    }
}

/// Memory that the process really has, in bytes; zero where the system does not say so.
fn resident_bytes() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    (resident * 4096) as f64
}
