//! How the cost of calls grows with the number of certificates, as a table in Markdown.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use cert_core::Timestamp;
use cert_store::{
    CertStore, FindBy, NewCert, PageSize, PostgresConfig, PostgresStore, Quota, SledStore,
    conformance::{now, owner},
};
use certkeep_benches::{certs::cert, fill::fill, measure::median};
use clap::{Parser, ValueEnum};
use tempfile::TempDir;
use test_postgres::Server;
use tokio::runtime::Runtime;

/// What calls cost with more and more certificates
#[derive(Parser)]
struct Arguments {
    /// Which backend
    backend: Backend,
    /// The largest number of certificates; the table has a row for each power of ten from 1000 on
    #[arg(long, default_value_t = 1_000_000)]
    up_to: u64,
    /// How often each call is measured in a row
    #[arg(long, default_value_t = 200)]
    calls: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    Postgres,
    Sled,
}

/// A store that can be closed and opened, and its place.
enum Place {
    Postgres(Server),
    Sled(TempDir),
}

impl Place {
    fn new(backend: Backend) -> Self {
        match backend {
            // As an operator would set it: durable, with more than the smallest memory.
            Backend::Postgres => Self::Postgres(Server::start(&["shared_buffers=2GB", "max_wal_size=4GB"])),
            Backend::Sled => Self::Sled(TempDir::new().expect("a temporary folder can be made")),
        }
    }

    fn open(&self, runtime: &Runtime) -> Arc<dyn CertStore> {
        match self {
            Self::Postgres(server) => {
                let config: PostgresConfig = server.url().parse().expect("the URL parses");
                Arc::new(runtime.block_on(PostgresStore::open(&config)).expect("the store opens"))
            }
            Self::Sled(folder) => Arc::new(SledStore::open(folder.path()).expect("the folder opens")),
        }
    }

    /// Has it filled, with nothing that is measured later left to do.
    fn filled(&self, fill: impl FnOnce()) {
        match self {
            Self::Postgres(server) => {
                server.without_waiting_for_the_disk(fill);
                // As the server would have done by itself over a longer time.
                server.sql("vacuum analyze");
            }
            Self::Sled(_) => fill(),
        }
    }

    /// Bytes on disk, without what is only kept for recovery.
    fn size(&self) -> u64 {
        match self {
            Self::Postgres(server) => {
                let size = server.sql("select pg_database_size('postgres')");
                size.parse().expect("it is a number")
            }
            Self::Sled(folder) => size_of(folder.path()),
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { size_of(&path) } else { entry.metadata().map_or(0, |metadata| metadata.len()) }
    };
    entries.map(size).sum()
}

/// Certificates are spread over this many owners.
const OWNERS: u64 = 10;

fn owner_of(number: u64) -> String {
    format!("owner {}", number % OWNERS)
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = Runtime::new().expect("a runtime can be made");
    let place = Place::new(arguments.backend);
    let empty = place.size();
    println!("| certificates | get | page of 100 | find | insert | expiring | changes | open | bytes each |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let (mut stored, mut level) = (0, 1_000);
    while level <= arguments.up_to {
        let start = Instant::now();
        let store = place.open(&runtime);
        place.filled(|| {
            runtime.block_on(async {
                fill(&store, stored..level, spread).await;
                // Whoever follows the feed would have read it all along.
                store.head().await.expect("it reads");
            });
        });
        eprintln!("{level} certificates after {:.0?}", start.elapsed());
        drop(store);
        let bytes = place.size().saturating_sub(empty) / level;
        let start = Instant::now();
        let store = place.open(&runtime);
        // Open is what it takes until the first answer.
        runtime.block_on(store.get(cert(&owner_of(0), 0).id)).expect("it is there");
        let opened = start.elapsed();
        let costs = runtime.block_on(measure(&*store, level, arguments.calls));
        let costs: Vec<_> = costs.iter().map(|cost| show(*cost)).collect();
        println!("| {level} | {} | {} | {bytes} |", costs.join(" | "), show(opened));
        stored = level + arguments.calls as u64;
        level *= 10;
    }
}

fn show(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 10_000.0 { format!("{micros:.1} us") } else { format!("{:.0} ms", micros / 1e3) }
}

/// The number-th certificate. Ends are spread, so that there is something to order.
fn spread(number: u64) -> NewCert {
    let mut cert = cert(&owner_of(number), number);
    cert.leaf.not_after = now() + 86_400 + (number % 7_776_000) as i64;
    cert
}

/// The median of each call, in the order of the table. Each call asks for something else than the one before.
async fn measure(store: &dyn CertStore, level: u64, calls: usize) -> [Duration; 6] {
    let mut times = [const { Vec::new() }; 6];
    let mut head = store.head().await.expect("it reads");
    for call in 0..calls as u64 {
        let number = call * 7_919 % level;
        let sample = cert(&owner_of(number), number);
        let name = FindBy::Name(sample.leaf.cover_names[0].clone());
        let end = Timestamp::from_unix(now().as_unix() + 86_400 + number as i64);
        let of_owner = owner(&owner_of(number));
        times[0].push(timed(store.get(sample.id)).await);
        times[1].push(timed(store.page(&of_owner, Some(sample.id), PageSize::new(100))).await);
        times[2].push(timed(store.find(&of_owner, &name, None, PageSize::new(100))).await);
        let start = Instant::now();
        store.insert(spread(level + call), Quota::UNLIMITED, now()).await.expect("there is room");
        times[3].push(start.elapsed());
        let before = Timestamp::from_unix(i64::MAX);
        times[4].push(timed(store.expiring(before, Some((end, sample.id)), PageSize::new(100))).await);
        let start = Instant::now();
        let events = store.changes(head, PageSize::new(100)).await.expect("it reads");
        times[5].push(start.elapsed());
        head = events.last().expect("the insert is an event").marker;
    }
    times.map(median)
}

async fn timed<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, E>>) -> Duration {
    let start = Instant::now();
    call.await.expect("it reads");
    start.elapsed()
}
