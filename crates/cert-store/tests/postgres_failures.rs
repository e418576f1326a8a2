//! The Postgres backend while servers are killed, hang, and hand over to a standby.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cert_store::{
    CertId, CertStore, Generation, PageSize, PostgresConfig, PostgresStore, Quota, StoreError,
    conformance::{Sample, now, owner},
};
use test_postgres::{OnSmallDisk, Server};
use tokio::{task::JoinSet, time::timeout};

/// What must come does, in this time. It is a guard against hanging, not a measure.
const GUARD: Duration = Duration::from_secs(120);

/// These tests start and kill servers: one at a time, so that none starves another.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn block_on(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async { timeout(GUARD, future).await.expect("nothing hangs") });
}

async fn open(url: &str) -> Arc<PostgresStore> {
    let config: PostgresConfig = url.parse().unwrap();
    Arc::new(PostgresStore::open(&config.deadline(Duration::from_secs(2))).await.unwrap())
}

/// What writers were told of each certificate.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<CertId>,
    /// It may have happened.
    unknown: BTreeSet<CertId>,
    /// Nothing happened.
    refused: BTreeSet<CertId>,
}

/// Writes from several tasks until each of them has failed, and calls `strike` after a number of acknowledgements.
async fn write_until(
    store: &Arc<PostgresStore>,
    first: u64,
    after: usize,
    strike: impl FnOnce(),
    told: &mut Told,
) {
    let (sender, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    for writer in 0..4 {
        let (store, sender) = (Arc::clone(store), sender.clone());
        tokio::spawn(async move {
            for number in (first + writer..).step_by(4) {
                let cert = sample(number).new_cert();
                let id = cert.id;
                let outcome = store.insert(cert, Quota::UNLIMITED, now()).await;
                let is_ok = outcome.is_ok();
                if sender.send((id, outcome)).is_err() || !is_ok {
                    return;
                }
            }
        });
    }
    drop(sender);
    let (mut strike, mut count) = (Some(strike), 0);
    while let Some((id, outcome)) = outcomes.recv().await {
        match outcome {
            Ok(_) => told.acknowledged.insert(id),
            Err(StoreError::Unknown { .. }) => told.unknown.insert(id),
            Err(StoreError::Unavailable { .. }) => told.refused.insert(id),
            Err(error) => panic!("{error}"),
        };
        count += 1;
        if count >= after
            && let Some(strike) = strike.take()
        {
            tokio::task::block_in_place(strike);
        }
    }
    assert!(strike.is_none(), "writers failed before the strike");
}

fn sample(number: u64) -> Sample {
    Sample::new(&owner(&format!("owner {}", number % 2)), number)
}

/// Repeats a call until the store works again by itself.
async fn until_it_works(store: &PostgresStore, number: u64) {
    while let Err(error) = store.insert(sample(number).new_cert(), Quota::UNLIMITED, now()).await {
        assert!(matches!(error, StoreError::Unavailable { .. } | StoreError::Unknown { .. }), "{error:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// All that was acknowledged is there and whole, what was refused is not, and the counters are right.
async fn check(store: &PostgresStore, told: &Told) {
    let mut listed = BTreeSet::new();
    for number in 0..2 {
        let owner = sample(number).owner;
        let (mut after, mut of_owner) = (None, 0);
        loop {
            let page = store.page(&owner, after, PageSize::MAX).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            of_owner += page.len() as u64;
            listed.extend(page.into_iter().map(|cert| cert.id));
        }
        assert_eq!(store.usage(&owner, now()).await.unwrap().total, of_owner);
    }
    for &id in &listed {
        assert_eq!(store.get(id).await.unwrap().chain.len(), 2);
        store.sealed_key(id, Generation::FIRST).await.unwrap();
    }
    let lost: Vec<_> = told.acknowledged.difference(&listed).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let undead: Vec<_> = told.refused.intersection(&listed).collect();
    assert!(undead.is_empty(), "refused and there: {undead:?}");
    assert_eq!(store.totals().await.unwrap().certificates, listed.len() as u64);
    assert_eq!(store.head().await.unwrap().position(), listed.len() as u64, "one event each");
}

#[test]
fn killed_in_the_middle_of_writes_ten_times() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    let mut server = Server::start(&[]);
    let url = server.url();
    block_on(async {
        let store = open(&url).await;
        let mut told = Told::default();
        for round in 0..10 {
            let first = 1 + round * 100_000;
            write_until(&store, first, 30 + 17 * round as usize, || server.kill(), &mut told).await;
            tokio::task::block_in_place(|| server.restart());
            until_it_works(&store, first + 99_999).await;
            told.acknowledged.insert(sample(first + 99_999).id());
            check(&store, &told).await;
        }
        let maybe = told.unknown.len();
        assert!(told.acknowledged.len() > 300 && maybe > 0, "{} {maybe}", told.acknowledged.len());
    });
}

#[test]
fn a_standby_takes_over_five_times() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    for round in 0..5 {
        let primary = Server::start(&[]);
        let standby = primary.standby("standby", &[]);
        // After the copy was made, so that the standby waits for nobody once it is the primary.
        primary.sql("alter system set synchronous_standby_names = 'standby'");
        primary.sql("select pg_reload_conf()");
        block_on(async {
            let store = open(&Server::url_of(&[&primary, &standby])).await;
            let start = store.head().await.unwrap();
            let mut told = Told::default();
            write_until(&store, 1, 40 + 23 * round, || primary.kill(), &mut told).await;
            tokio::task::block_in_place(|| standby.promote());
            until_it_works(&store, 999_999).await;
            told.acknowledged.insert(sample(999_999).id());
            check(&store, &told).await;
            let refused = store.changes(start, PageSize::MAX).await;
            assert!(
                matches!(refused, Err(StoreError::MarkerTooOld)),
                "another timeline is another epoch: {refused:?}"
            );
        });
    }
}

#[test]
fn a_server_that_hangs_costs_a_bounded_time() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    let server = Server::start(&[]);
    let (url, absent) = (server.url(), sample(1));
    block_on(async {
        let store = open(&url).await;
        sample(0).insert(&*store).await;
        server.pause();
        // More calls than connections: some find one and wait for an answer, others cannot get one.
        let mut calls = JoinSet::new();
        for number in 0..40 {
            let store = Arc::clone(&store);
            calls.spawn(async move {
                let cert = sample(100 + number).new_cert();
                (cert.id, store.insert(cert, Quota::UNLIMITED, now()).await)
            });
        }
        let mut told = Told::default();
        while let Some(call) = calls.join_next().await {
            match call.unwrap() {
                (id, Err(StoreError::Unknown { .. })) => told.unknown.insert(id),
                (id, Err(StoreError::Unavailable { .. })) => told.refused.insert(id),
                (id, outcome) => panic!("{id}: {outcome:?}"),
            };
        }
        let read = store.get(absent.id()).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{read:?}");
        server.resume();
        until_it_works(&store, 1).await;
        // Steps that were taken may end now; what is there at last was never called refused.
        for number in 100..140 {
            let id = sample(number).id();
            assert!(!told.refused.contains(&id) || store.get(id).await.is_err(), "{id} was refused");
        }
        // Each may be repeated, and then it is known.
        for number in 100..140 {
            sample(number).insert(&*store).await;
        }
        assert_eq!(store.totals().await.unwrap().certificates, 42);
    });
}

/// Writes until the disk is full, and again when it is not.
fn fill_the_disk(what: OnSmallDisk, settings: &[&str], full: impl AsyncFnOnce(&PostgresStore, &mut Told)) {
    let _alone = alone();
    if !test_postgres::is_available() || !test_postgres::small_disks_are_possible() {
        return;
    }
    let server = Server::start_on_small_disk(settings, what);
    let url = server.url();
    block_on(async {
        let store = open(&url).await;
        let mut told = Told::default();
        write_until(&store, 1, 1, || {}, &mut told).await;
        assert!(told.acknowledged.len() > 100, "{}", told.acknowledged.len());
        full(&store, &mut told).await;
        server.make_room();
        until_it_works(&store, 999_999).await;
        told.acknowledged.insert(sample(999_999).id());
        check(&store, &told).await;
        for number in 500_000..500_100 {
            sample(number).insert(&*store).await;
        }
    });
}

#[test]
fn a_full_disk_of_tables_refuses_and_the_store_works_again_afterwards() {
    fill_the_disk(OnSmallDisk::Tables, &[], async |store, told| {
        assert_eq!((told.refused.len(), told.unknown.len()), (4, 0), "the server says that it did nothing");
        let mut numbers = 700_000..;
        // A small one may still find a gap.
        let refused = loop {
            let cert = sample(numbers.next().unwrap()).new_cert();
            let id = cert.id;
            match store.insert(cert, Quota::UNLIMITED, now()).await {
                Ok(_) => told.acknowledged.insert(id),
                Err(error) => break error,
            };
        };
        let StoreError::Unavailable { source, .. } = refused else { panic!("{refused:?}") };
        let code = source.downcast_ref::<tokio_postgres::Error>().and_then(|error| error.code());
        assert_eq!(code, Some(&tokio_postgres::error::SqlState::DISK_FULL));
        // What is there is read all the while.
        for &id in told.acknowledged.iter().take(10) {
            store.get(id).await.unwrap();
        }
    });
}

/// The server gives up where its log cannot be written, and comes back, if there is room.
#[test]
fn a_full_disk_of_the_log_ends_in_typed_errors_and_the_store_works_again_afterwards() {
    let settings = ["max_wal_size=1GB", "checkpoint_timeout=1h"];
    fill_the_disk(OnSmallDisk::Wal, &settings, async |store, told| {
        assert!(!told.unknown.is_empty(), "the server went down under a commit");
        for number in 700_000..700_005 {
            let cert = sample(number).new_cert();
            let id = cert.id;
            match store.insert(cert, Quota::UNLIMITED, now()).await {
                Ok(_) => told.acknowledged.insert(id),
                Err(StoreError::Unknown { .. }) => told.unknown.insert(id),
                Err(StoreError::Unavailable { .. }) => told.refused.insert(id),
                Err(error) => panic!("{error}"),
            };
        }
    });
}

#[test]
fn a_host_that_is_away_is_passed_over() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    let (away, here) = (Server::start(&[]), Server::start(&[]));
    away.kill();
    block_on(async {
        let store = open(&Server::url_of(&[&away, &here])).await;
        sample(0).insert(&*store).await;
    });
    let hanging = Server::start(&[]);
    hanging.pause();
    block_on(async {
        let store = open(&Server::url_of(&[&hanging, &here])).await;
        assert_eq!(store.totals().await.unwrap().certificates, 1);
    });
    hanging.resume();
}

#[test]
fn a_store_on_a_pool_hears_of_writes_beside_it() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    let server = Server::start(&[]);
    let url = server.url();
    block_on(async {
        let here = open(&url).await;
        let manager = deadpool_postgres::Manager::new(url.parse().unwrap(), tokio_postgres::NoTls);
        let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
        let there = PostgresStore::on_pool(pool, "certkeep", false, Duration::from_secs(5)).await.unwrap();
        // The schema of the configuration is not the store's: it does not count.
        let config: PostgresConfig = format!("{url}?schema=other").parse().unwrap();
        let mut notices = there.notices_from(&config).unwrap();
        notices.changed().await;
        for store in [&*here, &there] {
            sample(store.totals().await.unwrap().certificates).insert(store).await;
            notices.changed().await;
        }
        assert!(timeout(Duration::from_millis(300), there.notices().changed()).await.is_err());
    });
}

#[test]
fn a_notice_tells_other_nodes_of_a_write() {
    let _alone = alone();
    if !test_postgres::is_available() {
        return;
    }
    let mut server = Server::start(&[]);
    let url = server.url();
    block_on(async {
        let (here, there) = (open(&url).await, open(&url).await);
        let mut notices = there.notices();
        // The first says that it listens now.
        notices.changed().await;
        for number in 0..3 {
            sample(number).insert(&*here).await;
            notices.changed().await;
        }
        tokio::task::block_in_place(|| {
            server.kill();
            server.restart();
        });
        // Something may have been missed.
        notices.changed().await;
        until_it_works(&here, 9).await;
        notices.changed().await;
    });
}
