//! Three Postgres under Patroni, as `deploy/patroni.yaml` has them, and primaries that are killed under load: nothing
//! that was acknowledged is lost, and the server finds the new primary by itself.
//!
//! It takes minutes, since Patroni does: `cargo xtask failover` runs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "patroni/cluster.rs"]
mod cluster;
mod server;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cluster::Cluster;
use server::{ALICE, Connection, Site};

/// How often a primary is killed.
const KILLS: usize = 3;

/// What became of the uploads.
#[derive(Default)]
struct Uploads {
    acknowledged: Mutex<BTreeSet<String>>,
    refused: AtomicU64,
    stop: AtomicBool,
}

impl Uploads {
    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Uploads until it is told to stop; whatever is not an acknowledgement must be a 503.
    fn go_on(&self, site: &Site, server: &Connection) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let name = format!("n{number}.example.com");
            let answer = server.upload(ALICE, &name, &site.issue(&name)).expect("the server answers");
            if answer.status == 200 {
                let id = answer.json["certID"].as_str().unwrap().to_owned();
                self.acknowledged.lock().unwrap().insert(id);
            } else {
                assert_eq!(answer.status, 503, "{}", answer.json);
                self.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(100));
            }
        }
    }

    /// Waits until something more is acknowledged.
    fn until_acknowledged(&self) {
        let before = self.count();
        cluster::until("an upload is acknowledged", || self.count() > before);
    }
}

#[test]
#[ignore = "takes minutes, and needs patroni and etcd: cargo xtask failover"]
fn killed_primaries_lose_nothing() {
    let mut cluster = Cluster::start();
    cluster.sql("create role certkeep login password 'sesame'");
    cluster.sql("create database certkeep owner certkeep");
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("db-password");
    fs::write(&password, "sesame\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let store = format!("postgres://certkeep@{}/certkeep?target_session_attrs=read-write", cluster.hosts());
    let line = format!("store_password_file = \"{}\"", password.display());
    let site = Site::with(&store, 1_000_000, &line);
    let server = site.start_logging(fs::File::create(site.folder().join("log")).unwrap());

    let uploads = Uploads::default();
    thread::scope(|scope| {
        let load = scope.spawn(|| uploads.go_on(&site, &server));
        for _ in 0..KILLS {
            uploads.until_acknowledged();
            let refused = uploads.refused.load(Ordering::Relaxed);
            let started = Instant::now();
            let killed = cluster.kill_leader();
            uploads.until_acknowledged();
            let outage = started.elapsed().as_secs_f64();
            let refused = uploads.refused.load(Ordering::Relaxed) - refused;
            let leader = cluster.leader();
            println!(
                "{killed} killed, {leader} leads: uploads after {outage:.1} s, {refused} times 503 before"
            );
            cluster.start_again(&killed);
        }
        uploads.stop.store(true, Ordering::Relaxed);
        load.join().unwrap();
    });
    let kept: BTreeSet<String> =
        server.list(ALICE).iter().map(|cert| cert["certid"].as_str().unwrap().to_owned()).collect();
    let acknowledged = uploads.acknowledged.into_inner().unwrap();
    println!("{} uploads acknowledged, {} kept", acknowledged.len(), kept.len());
    assert_eq!(acknowledged.difference(&kept).count(), 0, "acknowledged and lost");
    assert_eq!(server.terminate(), Some(0));
}
