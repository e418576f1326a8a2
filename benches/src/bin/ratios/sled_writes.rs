//! Durable inserts into sled over what sled itself takes.
//!
//! Three more baselines stand beside those that have targets, to tell what comes from where: the same number of keys without a
//! store, and one raw value for each certificate through one thread, which is the most that any store with one writing
//! thread can do here.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use cert_store::{CertStore, CertSummary, NewCert, Quota, SledStore, conformance::now};
use certkeep_benches::{certs::cert, measure::interleaved};
use tokio::runtime::Runtime;

use crate::{
    ratio::{Ratio, at_least, at_most, reported},
    store::temporary,
};

pub(crate) fn measure(runtime: &Runtime, rounds: usize) -> Vec<Ratio> {
    let folders = [(); 4].map(|()| temporary());
    let [ours, one_key, all_keys, one_thread] = folders.each_ref().map(tempfile::TempDir::path);
    let store: Arc<dyn CertStore> = Arc::new(SledStore::open(ours).expect("the folder opens"));
    let raw = [Arc::new(RawSled::open(one_key)), Arc::new(RawSled::open(all_keys))];
    let thread = OneThread::start(RawSled::open(one_thread));
    let mut ratios = one_client(runtime, rounds / 8, &store, &raw, &thread);
    ratios.extend(sixteen_clients(runtime, &store, &raw, &thread));
    ratios
}

fn one_client(
    runtime: &Runtime,
    rounds: usize,
    store: &Arc<dyn CertStore>,
    [one_key, all_keys]: &[Arc<RawSled>; 2],
    thread: &OneThread,
) -> Vec<Ratio> {
    let mut numbers = [const { 0_u64.. }; 4];
    let [ours, raw, raw_keys, handed] = &mut numbers;
    let next = |of: &mut std::ops::RangeFrom<u64>| cert("alice", of.next().expect("numbers do not end"));
    let over_raw = interleaved(
        rounds,
        || runtime.block_on(insert(&**store, next(ours))),
        || one_key.insert_value(&next(raw)),
    );
    let over_keys = interleaved(
        rounds,
        || runtime.block_on(insert(&**store, next(ours))),
        || all_keys.insert_keys(&next(raw_keys)),
    );
    let client = thread.client();
    let handed_over =
        interleaved(rounds, || client.insert(&next(handed)), || one_key.insert_value(&next(raw)));
    vec![
        at_most("sled durable insert, one client / raw insert, flush and sync", 1.15, over_raw),
        reported("sled durable insert, one client / a raw batch of as many keys", over_keys),
        reported("  a raw insert by another thread / raw insert, flush and sync", handed_over),
    ]
}

async fn insert(store: &dyn CertStore, cert: NewCert) {
    store.insert(cert, Quota::UNLIMITED, now()).await.expect("there is room");
}

const CLIENTS: u64 = 16;
const TURN: Duration = Duration::from_millis(500);
const TURNS: u64 = 10;

/// Throughput, in turns.
fn sixteen_clients(
    runtime: &Runtime,
    store: &Arc<dyn CertStore>,
    [one_key, all_keys]: &[Arc<RawSled>; 2],
    thread: &OneThread,
) -> Vec<Ratio> {
    let mut counts = [const { Vec::new() }; 4];
    for turn in 1..=TURNS {
        let first = 1_000_000 * turn;
        let [ours, raw, raw_keys, handed] = &mut counts;
        ours.push(runtime.block_on(tasks(store, first)));
        raw.push(threads(first, || |cert: &NewCert| one_key.insert_value(cert)));
        raw_keys.push(threads(first, || |cert: &NewCert| all_keys.insert_keys(cert)));
        handed.push(threads(first, || {
            let client = thread.client();
            move |cert: &NewCert| client.insert(cert)
        }));
    }
    let [ours, raw, raw_keys, handed] = counts.map(|mut counts| {
        counts.sort_unstable();
        counts[counts.len() / 2] as f64
    });
    vec![
        at_least("sled durable inserts, 16 clients / 16 clients that each flush and sync", 3.0, ours / raw),
        reported("sled durable inserts, 16 clients / 16 that each write as many keys", ours / raw_keys),
        reported("  16 raw inserts by one thread / 16 clients that each flush and sync", handed / raw),
    ]
}

/// How many certificates the clients of a store insert in a turn.
async fn tasks(store: &Arc<dyn CertStore>, first: u64) -> u64 {
    let clients: Vec<_> = numbers(first)
        .map(|numbers| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let (end, mut count) = (Instant::now() + TURN, 0);
                for number in numbers.take_while(|_| Instant::now() < end) {
                    insert(&*store, cert("alice", number)).await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut total = 0;
    for client in clients {
        total += client.await.expect("nothing fails");
    }
    total
}

/// The same of clients that are threads.
fn threads<I: FnMut(&NewCert) + Send>(first: u64, client: impl Fn() -> I) -> u64 {
    thread::scope(|scope| {
        let clients: Vec<_> = numbers(first)
            .map(|numbers| {
                let mut insert = client();
                scope.spawn(move || {
                    let end = Instant::now() + TURN;
                    numbers
                        .take_while(|_| Instant::now() < end)
                        .map(|number| insert(&cert("alice", number)))
                        .count() as u64
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().expect("nothing fails")).sum()
    })
}

/// The numbers of each client's certificates.
fn numbers(first: u64) -> impl Iterator<Item = std::ops::RangeFrom<u64>> {
    (0..CLIENTS).map(move |client| first + client * 10_000..)
}

/// What a durable write costs without a store.
struct RawSled {
    database: sled::Db,
    file: File,
}

impl RawSled {
    fn open(folder: &Path) -> Self {
        let database = sled::open(folder).expect("the folder opens");
        let file = File::open(folder.join("db")).expect("sled keeps its data there");
        Self { database, file }
    }

    /// All bytes under one key.
    fn insert_value(&self, cert: &NewCert) {
        self.database.insert(cert.id.0, value(cert)).expect("it is written");
        self.sync();
    }

    /// The bytes under three keys, and twelve small keys beside them, as many as the store writes.
    fn insert_keys(&self, cert: &NewCert) {
        let (id, leaf) = (&cert.id.0[..], &cert.leaf);
        let value = value(cert);
        let (row, key) = value.split_at(value.len() - cert.sealed_key.as_bytes().len());
        let mut batch = sled::Batch::default();
        batch.insert([b"c", id].concat(), row);
        batch.insert([b"k", id].concat(), key);
        batch.insert([b"i", cert.owner.as_str().as_bytes(), id].concat(), &row[..400]);
        for tag in [b"s", b"t", b"u"] {
            batch.insert([tag, &leaf.fingerprint.as_bytes()[..], id].concat(), b"");
        }
        for name in &leaf.dns_names {
            batch.insert([b"n", name.as_bytes(), id].concat(), b"");
        }
        for tag in [b"e", b"f", b"w", b"x"] {
            batch.insert([tag, id].concat(), b"");
        }
        for hot in ["account", "feed", "totals"] {
            batch.insert(hot, id);
        }
        self.database.apply_batch(batch).expect("it is written");
        self.sync();
    }

    fn sync(&self) {
        self.database.flush().expect("it is written");
        self.file.sync_data().expect("it is synced");
    }
}

fn value(cert: &NewCert) -> Vec<u8> {
    let summary = CertSummary::of_new(cert, now());
    postcard::to_stdvec(&(summary, &cert.chain, &cert.sealed_key)).expect("it encodes")
}

/// A thread that writes one raw value for each certificate, and syncs once for all that have queued up.
struct OneThread(Sender<Insert>);

/// A key, its value, and who waits.
type Insert = (Vec<u8>, Vec<u8>, Sender<()>);

impl OneThread {
    fn start(raw: RawSled) -> Self {
        let (queue, inserts) = channel::<Insert>();
        thread::spawn(move || {
            while let Ok(first) = inserts.recv() {
                let (mut batch, mut waiting) = (sled::Batch::default(), Vec::new());
                for (key, value, client) in std::iter::once(first).chain(inserts.try_iter()) {
                    batch.insert(key, value);
                    waiting.push(client);
                }
                raw.database.apply_batch(batch).expect("it is written");
                raw.sync();
                waiting.into_iter().for_each(|client| client.send(()).expect("it waits"));
            }
        });
        Self(queue)
    }

    fn client(&self) -> Client {
        Client { queue: self.0.clone(), answers: channel() }
    }
}

/// One who waits for that thread.
struct Client {
    queue: Sender<Insert>,
    answers: (Sender<()>, Receiver<()>),
}

impl Client {
    fn insert(&self, cert: &NewCert) {
        let insert = (cert.id.0.to_vec(), value(cert), self.answers.0.clone());
        self.queue.send(insert).expect("the thread runs");
        self.answers.1.recv().expect("the thread answers");
    }
}
