//! Every call of the store contract, on each backend.

use std::{cell::Cell, hint::black_box, sync::Arc};

use cert_store::{
    BindOptions, CertId, CertStore, ClaimName, FindBy, Generation, KekId, MemoryStore, NewCert, NewVersion,
    PageSize, PostgresConfig, PostgresStore, Quota, SealedKey, SledStore, Target,
    conformance::{now, owner},
};
use certkeep_benches::certs::cert;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use tempfile::TempDir;
use test_postgres::Server;
use tokio::runtime::Runtime;

/// Certificates that are there when the measurements begin.
const KEPT: u64 = 2_000;
const DAY: i64 = 86_400;

fn memory(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime can be made");
    Calls::new(runtime, Arc::new(MemoryStore::new())).measure(criterion.benchmark_group("memory"));
}

fn sled(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime can be made");
    let folder = TempDir::new().expect("a temporary folder can be made");
    let store = SledStore::open(folder.path()).expect("the folder opens");
    Calls::new(runtime, Arc::new(store)).measure(criterion.benchmark_group("sled"));
}

fn postgres(criterion: &mut Criterion) {
    if !test_postgres::is_available() {
        return;
    }
    let runtime = Runtime::new().expect("a runtime can be made");
    let server = Server::start(&[]);
    for (name, partitions) in [("postgres", None), ("postgres partitioned", Some(16))] {
        let config: PostgresConfig = server.url().parse().expect("the URL parses");
        let config = config.in_schema(&test_postgres::schema()).expect("the name is fit");
        let config = match partitions {
            Some(partitions) => config.partitioned(partitions).expect("the number is fit"),
            None => config,
        };
        let store = runtime.block_on(PostgresStore::open(&config)).expect("the store opens");
        let calls = Calls::new(Runtime::new().expect("a runtime can be made"), Arc::new(store));
        calls.measure(criterion.benchmark_group(name));
        // Its connections belong to a runtime that has ended.
    }
}

/// A store with certificates of one owner; the first is bound, and each has the next number as its successor.
struct Calls {
    runtime: Runtime,
    store: Arc<dyn CertStore>,
    next: Cell<u64>,
}

impl Calls {
    fn new(runtime: Runtime, store: Arc<dyn CertStore>) -> Self {
        let calls = Self { runtime, store, next: Cell::new(0) };
        for _ in 0..KEPT {
            calls.inserted();
        }
        calls
    }

    fn wait<T, E: std::fmt::Debug>(&self, call: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(call).expect("the call is in order")
    }

    fn fresh(&self) -> NewCert {
        let number = self.next.replace(self.next.get() + 1);
        let mut cert = cert("alice", number);
        // Each outlives the one before, so that it can take over.
        cert.leaf.not_after = now() + DAY + number as i64;
        cert.leaf.cover_names.push("shared.example.com".parse().expect("it is a name"));
        cert
    }

    fn inserted(&self) -> CertId {
        self.wait(self.store.insert(self.fresh(), Quota::UNLIMITED, now())).id
    }

    /// One whose own domain is bound, and the target.
    fn bound(&self) -> (CertId, Target) {
        let (id, target) = self.bindable();
        self.wait(self.store.bind(id, &owner("alice"), FIRST, &target, BindOptions::default(), now()));
        (id, target)
    }

    fn bindable(&self) -> (CertId, Target) {
        let cert = self.fresh();
        let target = Target::cdn(cert.leaf.cover_names[0].clone());
        (self.wait(self.store.insert(cert, Quota::UNLIMITED, now())).id, target)
    }

    fn version(&self) -> NewVersion {
        let NewCert { common_name, leaf, chain, sealed_key, .. } = self.fresh();
        NewVersion { common_name, labels: None, leaf, chain, sealed_key }
    }

    fn measure(&self, mut group: BenchmarkGroup<'_, WallTime>) {
        group.sample_size(20);
        self.measure_reads(&mut group);
        self.measure_versions(&mut group);
        self.measure_bindings(&mut group);
        self.measure_the_rest(&mut group);
        group.finish();
    }

    /// A call that changes nothing, again and again.
    fn read<T, E: std::fmt::Debug, Call: Future<Output = Result<T, E>>>(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        call: impl Fn() -> Call,
    ) {
        group.bench_function(name, |bencher| bencher.iter(|| black_box(self.wait(call()))));
    }

    /// A call on something that was prepared for it.
    fn write<P, T, E: std::fmt::Debug, Call: Future<Output = Result<T, E>>>(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        prepare: impl Fn() -> P,
        call: impl Fn(P) -> Call,
    ) {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                &prepare,
                |prepared| black_box(self.wait(call(prepared))),
                BatchSize::PerIteration,
            );
        });
    }

    fn measure_reads(&self, group: &mut BenchmarkGroup<'_, WallTime>) {
        let (store, alice) = (&self.store, owner("alice"));
        let sample = cert("alice", KEPT / 2);
        let (id, target) = self.bound();
        let size = PageSize::new(100);
        let name = FindBy::Name(sample.leaf.cover_names[0].clone());
        let kek = sample.sealed_key.kek_id();
        self.read(group, "get", || store.get(sample.id));
        self.read(group, "sealed_key", || store.sealed_key(sample.id, FIRST));
        self.read(group, "page of 100", || store.page(&alice, Some(sample.id), size));
        self.read(group, "find", || store.find(&alice, &name, None, size));
        self.read(group, "usage", || store.usage(&alice, now()));
        self.read(group, "bound", || store.bound(&target));
        self.read(group, "bindings", || store.bindings(id));
        self.read(group, "bound_by", || store.bound_by(&alice, None, size));
        self.read(group, "bound_all", || store.bound_all(None, size));
        self.read(group, "expiring, 100", || store.expiring(now() + 2 * DAY, None, size));
        self.read(group, "sealed_under, 100", || store.sealed_under(kek, None, size));
        self.read(group, "export, 100", || store.export(None, size));
        self.read(group, "totals", || store.totals());
    }

    fn measure_versions(&self, group: &mut BenchmarkGroup<'_, WallTime>) {
        let (store, alice) = (&self.store, owner("alice"));
        self.write(group, "insert", || self.fresh(), |cert| store.insert(cert, Quota::UNLIMITED, now()));
        let replaced = || (self.inserted(), self.version());
        self.write(group, "replace", replaced, |(id, version)| {
            store.replace(id, FIRST, version, Quota::UNLIMITED, now())
        });
        let rolled_back = || {
            let (id, version) = replaced();
            let key = version.sealed_key.clone();
            (id, self.wait(store.replace(id, FIRST, version, Quota::UNLIMITED, now())), key)
        };
        self.write(group, "rollback", rolled_back, |(id, generation, key)| {
            store.rollback(id, generation, key, Quota::UNLIMITED, now())
        });
        self.write(
            group,
            "delete_if_unbound",
            || self.inserted(),
            |id| store.delete_if_unbound(id, &alice, now()),
        );
    }

    fn measure_bindings(&self, group: &mut BenchmarkGroup<'_, WallTime>) {
        let (store, alice) = (&self.store, &owner("alice"));
        self.write(
            group,
            "bind",
            || self.bindable(),
            |(id, target)| async move {
                store.bind(id, alice, FIRST, &target, BindOptions::default(), now()).await
            },
        );
        self.write(
            group,
            "unbind",
            || self.bound(),
            |(_, target)| async move { store.unbind(&target, alice, now()).await },
        );
        let shared = Target::storage("shared.example.com".parse().expect("it is a name"));
        let taken_over = || {
            let from = self.inserted();
            self.wait(store.bind(from, alice, FIRST, &shared, BindOptions::default(), now()));
            (from, self.inserted())
        };
        self.write(group, "take_over", taken_over, |(from, to)| {
            store.take_over(&shared, from, to, FIRST, alice, now())
        });
        let bob = &owner("bob");
        let moved = || {
            let (_, target) = self.bound();
            let mut cert = self.fresh();
            cert.owner = bob.clone();
            cert.id = CertId::from_parts(cert.id.created_millis(), bob.shard(), 1);
            cert.leaf.cover_names.push(target.domain.clone());
            (self.wait(store.insert(cert, Quota::UNLIMITED, now())).id, target)
        };
        self.write(group, "move_binding", moved, |(id, target)| async move {
            store.move_binding(&target, alice, bob, id, FIRST, now()).await
        });
    }

    fn measure_the_rest(&self, group: &mut BenchmarkGroup<'_, WallTime>) {
        let store = &self.store;
        self.read(group, "head", || store.head());
        let one_more = || {
            let head = self.wait(store.head());
            self.inserted();
            head
        };
        self.write(group, "changes, 1", one_more, |head| store.changes(head, PageSize::new(100)));
        self.write(group, "prune, 1", one_more, |_| store.prune(now() + DAY));
        let name = ClaimName::new("bench").expect("it is a name");
        self.read(group, "claim", || store.claim(&name, None, b"value", now()));
        let (from, to) = (kek("kek-1"), kek("kek-2"));
        let rewrapped = || {
            SealedKey::from_bytes([&b"\x01\x01\x00\x05kek-2"[..], &[7; 1400]].concat())
                .expect("it has a header")
        };
        let (from, to) = (&from, &to);
        self.write(
            group,
            "rewrap",
            || (self.inserted(), rewrapped()),
            |(id, key)| store.rewrap(id, FIRST, from, key, now()),
        );
        self.read(group, "retire, refused", || async move {
            match store.retire(to, now()).await {
                Err(cert_store::StoreError::InUse { .. }) => Ok(()),
                other => Err(other),
            }
        });
        let exported = || {
            let id = self.inserted();
            let before = cert("alice", self.next.get() - 2).id;
            let entry =
                self.wait(store.export(Some(&cert_store::EntryKey::Cert(before)), PageSize::MIN)).remove(0);
            self.wait(store.delete_if_unbound(id, &owner("alice"), now()));
            entry
        };
        self.write(group, "import", exported, |entry| store.import(entry, now()));
    }
}

const FIRST: Generation = Generation::FIRST;

fn kek(id: &str) -> KekId {
    KekId::new(id).expect("it is an id")
}

criterion_group!(stores, memory, sled, postgres);
criterion_main!(stores);
