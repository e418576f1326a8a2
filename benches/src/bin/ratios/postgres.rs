//! The Postgres backend over bare statements on the same server.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use cert_store::{
    CertStore, PageSize, PostgresConfig, PostgresStore, Quota,
    conformance::{now, owner},
};
use certkeep_benches::{certs::cert, fill::fill, measure::interleaved};
use test_postgres::Server;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, Statement};

use crate::ratio::{Ratio, at_least, at_most, reported};

/// Certificates of the one owner who has many.
const MANY: u64 = 100_000;

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    if !test_postgres::is_available() {
        return Vec::new();
    }
    let runtime = Runtime::new().expect("a runtime can be made");
    let server = Server::start(&["max_connections=100", "shared_buffers=1GB", "max_wal_size=8GB"]);
    let config: PostgresConfig = server.url().parse().expect("the URL parses");
    let store = runtime.block_on(PostgresStore::open(&config.clone().connections(CLIENTS)));
    let store: Arc<dyn CertStore> = Arc::new(store.expect("the store opens"));
    // All of one owner, so they take turns on its row; waiting for the disk in each turn takes minutes.
    server.without_waiting_for_the_disk(|| {
        runtime.block_on(fill(&store, 0..MANY, |number| cert("many", number)));
    });
    server.sql("vacuum analyze");
    let mut ratios = reads(&server, &config, rounds);
    ratios.extend(runtime.block_on(writes(&server, &store)));
    ratios
}

const CLIENTS: usize = 16;

async fn connect(server: &Server) -> Client {
    let (client, connection) =
        tokio_postgres::connect(&server.url(), NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client
}

/// The columns of a record, without any join.
const COLUMNS: &str = "id, owner, name, common_name, labels, created, generation, superseded_by, dns_names,
    cover_names, not_before, not_after, key_type, leaf_sha256, spki_sha256, serial, issuer";

/// On one thread, or it is chance how many of a runtime's threads wake each other for a call, which takes longer than
/// the call.
fn reads(server: &Server, config: &PostgresConfig, rounds: usize) -> Vec<Ratio> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
    let store = runtime.block_on(PostgresStore::open(config)).expect("the store opens");
    let store: Box<dyn CertStore> = Box::new(store);
    let client = runtime.block_on(connect(server));
    let get = format!("select {COLUMNS}, chain from certkeep.cert where shard = $1 and id = $2");
    let get = runtime.block_on(client.prepare(&get)).expect("it is a statement");
    let page = format!(
        "select {COLUMNS} from certkeep.cert where shard = $1 and owner = $2 and id > $3 order by id limit 100"
    );
    let page = runtime.block_on(client.prepare(&page)).expect("it is a statement");
    let many = owner("many");
    let shard = many.shard().as_u16() as i16;
    let ids: Vec<_> = (0..MANY).step_by(7).map(|number| cert("many", number).id).collect();
    let (mut ours, mut theirs) = (ids.iter().cycle(), ids.iter().cycle());
    let got = interleaved(
        rounds,
        || drop(black_box(runtime.block_on(store.get(*ours.next().expect("it cycles"))))),
        || {
            let id = theirs.next().expect("it cycles");
            black_box(runtime.block_on(client.query(&get, &[&shard, &&id.0[..]])).expect("it is there"));
        },
    );
    let paged = interleaved(
        rounds,
        || {
            let after = Some(*ours.next().expect("it cycles"));
            drop(black_box(runtime.block_on(store.page(&many, after, PageSize::new(100)))));
        },
        || {
            let after = theirs.next().expect("it cycles");
            let (many, after) = (many.as_str(), &after.0[..]);
            let rows = runtime.block_on(client.query(&page, &[&shard, &many, &after]));
            black_box(rows.expect("they are there"));
        },
    );
    vec![
        at_most("Postgres get / a raw prepared get of the row", 1.15, got),
        at_most("Postgres page of 100 / a raw prepared scan of the rows", 1.3, paged),
    ]
}

/// Who inserts certificates of one owner, one after another.
#[async_trait]
trait Inserter: Send + Sync {
    async fn insert(&self, number: u64);
}

struct Ours {
    store: Arc<dyn CertStore>,
    owner: String,
    /// Above which its numbers are, so that no two clients of one owner share an id.
    first: u64,
}

#[async_trait]
impl Inserter for Ours {
    async fn insert(&self, number: u64) {
        let quota = Quota { live: 2 * MANY, total: 10 * MANY };
        let inserted = self.store.insert(cert(&self.owner, self.first + number), quota, now()).await;
        inserted.expect("there is room");
    }
}

/// A prepared INSERT of the same bytes into a table with nothing but a primary key.
struct Bare {
    client: Client,
    statement: Statement,
    owner: String,
}

impl Bare {
    async fn new(client: Client, owner: String) -> Self {
        let statement = client
            .prepare(
                "insert into bare values
                 ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            )
            .await
            .expect("it is a statement");
        Self { client, statement, owner }
    }
}

#[async_trait]
impl Inserter for Bare {
    async fn insert(&self, number: u64) {
        let cert = cert(&self.owner, number);
        let leaf = &cert.leaf;
        let cover_names: Vec<_> = leaf.cover_names.iter().map(|name| name.as_str()).collect();
        self.client
            .execute(
                &self.statement,
                &[
                    &(cert.id.shard().as_u16() as i16),
                    &&cert.id.0[..],
                    &cert.owner.as_str(),
                    &cert.name,
                    &cert.common_name,
                    &now().as_unix(),
                    &1_i64,
                    &leaf.dns_names,
                    &cover_names,
                    &leaf.not_before.as_unix(),
                    &leaf.not_after.as_unix(),
                    &2048_i32,
                    &&leaf.fingerprint.as_bytes()[..],
                    &&leaf.spki_fingerprint.as_bytes()[..],
                    &leaf.serial,
                    &leaf.issuer,
                    &cert.chain.iter().collect::<Vec<_>>(),
                    &cert.sealed_key.as_bytes(),
                ],
            )
            .await
            .expect("it is written");
    }
}

async fn writes(server: &Server, store: &Arc<dyn CertStore>) -> Vec<Ratio> {
    server.sql(
        "create table bare (shard smallint, id bytea, owner text, name text, common_name text, created bigint,
            generation bigint, dns_names text[], cover_names text[], not_before bigint, not_after bigint,
            key_type integer, leaf_sha256 bytea, spki_sha256 bytea, serial bytea, issuer bytea, chain bytea[],
            sealed bytea, primary key (shard, id))",
    );
    server.sql("alter table bare alter chain set storage external, alter sealed set storage external");
    let ours = |owner: String, first| -> Arc<dyn Inserter> {
        Arc::new(Ours { store: Arc::clone(store), owner, first })
    };
    let own: Vec<_> = (0..CLIENTS).map(|client| ours(owner_of(client), 0)).collect();
    let shared: Vec<_> =
        (0..CLIENTS as u64).map(|client| ours("shared".to_owned(), client * 100_000_000)).collect();
    let mut bare: Vec<Arc<dyn Inserter>> = Vec::new();
    for client in 0..CLIENTS {
        bare.push(Arc::new(Bare::new(connect(server).await, owner_of(client)).await));
    }
    let mut counts = [const { Vec::new() }; 3];
    for turn in 1..=TURNS {
        for (clients, counts) in [&own, &shared, &bare].into_iter().zip(&mut counts) {
            counts.push(inserts(clients, turn * 1_000_000).await);
        }
    }
    let [own, shared, bare] = counts.map(|mut counts| {
        counts.sort_unstable();
        counts[counts.len() / 2] as f64
    });
    vec![
        at_least("Postgres inserts, 16 clients, each its own owner / bare prepared INSERTs", 0.6, own / bare),
        reported("Postgres inserts, 16 clients of one owner / bare prepared INSERTs", shared / bare),
    ]
}

const TURNS: u64 = 9;
const TURN: Duration = Duration::from_secs(1);

/// The first client is the owner who has many.
fn owner_of(client: usize) -> String {
    if client == 0 { "many".to_owned() } else { format!("owner {client}") }
}

/// How many inserts the clients together do in a turn.
async fn inserts(clients: &[Arc<dyn Inserter>], first: u64) -> u64 {
    let end = Instant::now() + TURN;
    let clients: Vec<_> = clients
        .iter()
        .map(|client| {
            let client = Arc::clone(client);
            tokio::spawn(async move {
                let mut count = 0;
                while Instant::now() < end {
                    client.insert(first + count).await;
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
