//! Memory and sled over what they are made of.

use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use cert_store::{
    CertId, CertRecord, CertStore, CertSummary, MemoryStore, NewCert, PageSize, Quota, ServedChain,
    SledStore, StoreError,
    conformance::{now, owner},
};
use certkeep_benches::{certs::cert, measure::interleaved};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    ratio::{Ratio, at_most, reported},
    sled_writes,
};

/// Certificates in the stores that are read.
const KEPT: u64 = 10_000;

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    let runtime = Runtime::new().expect("a runtime can be made");
    let mut ratios = vec![memory_get(&runtime, rounds)];
    ratios.extend(sled_reads(&runtime, rounds));
    ratios.extend(sled_writes::measure(&runtime, rounds));
    ratios
}

/// What a caller sees of a raw map: the same asynchronous call.
#[async_trait]
trait Records: Send + Sync {
    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError>;
}

#[async_trait]
impl Records for Mutex<BTreeMap<CertId, CertRecord>> {
    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        let records = self.lock().unwrap_or_else(PoisonError::into_inner);
        records.get(&id).cloned().ok_or(StoreError::NotFound { id })
    }
}

fn memory_get(runtime: &Runtime, rounds: usize) -> Ratio {
    let store: Box<dyn CertStore> = Box::new(MemoryStore::new());
    let ids = runtime.block_on(fill(&*store, KEPT));
    let mut records = BTreeMap::new();
    for number in 0..KEPT {
        let cert = cert("alice", number);
        let summary = Arc::new(CertSummary::of_new(&cert, now()));
        records.insert(cert.id, CertRecord { summary, chain: cert.chain, previous: None });
    }
    let records: Box<dyn Records> = Box::new(Mutex::new(records));
    let (mut ours, mut theirs) = (ids.iter().cycle(), ids.iter().cycle());
    let value = runtime.block_on(async {
        interleaved(
            rounds * 20,
            || drop(black_box(ready(store.get(*ours.next().expect("it cycles"))))),
            || drop(black_box(ready(records.get(*theirs.next().expect("it cycles"))))),
        )
    });
    at_most("memory get / a raw map behind the same call", 1.5, value)
}

/// The output of a future that never waits, without a runtime's cost.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("the call waits"),
    }
}

fn sled_reads(runtime: &Runtime, rounds: usize) -> Vec<Ratio> {
    let (folder, raw_folder) = (temporary(), temporary());
    let store: Box<dyn CertStore> = Box::new(SledStore::open(folder.path()).expect("the folder opens"));
    let ids = runtime.block_on(fill(&*store, KEPT));
    let raw = sled::open(raw_folder.path()).expect("the folder opens");
    for number in 0..KEPT {
        let cert = cert("alice", number);
        raw.insert(cert.id.0, raw_record(cert)).expect("it is written");
    }
    raw.flush().expect("it is written");
    // Once, as what is read often was: the first time costs the decoding, too.
    ids.iter().for_each(|&id| drop(ready(store.get(id)).expect("it is there")));
    let [mut ours, mut theirs, mut decoded] = [ids.iter().cycle(), ids.iter().cycle(), ids.iter().cycle()];
    let mut get_ours = || drop(black_box(ready(store.get(*ours.next().expect("it cycles")))));
    let get_raw = |id: &CertId| raw.get(id.0).expect("it reads").expect("it is there");
    let bare = interleaved(rounds * 20, &mut get_ours, || {
        black_box(get_raw(theirs.next().expect("it cycles")));
    });
    let with_decoding = interleaved(rounds * 20, &mut get_ours, || {
        let bytes = get_raw(decoded.next().expect("it cycles"));
        black_box(postcard::from_bytes::<RawRecord>(&bytes).expect("it decodes"));
    });
    let alice = owner("alice");
    let page_ours = || drop(black_box(ready(store.page(&alice, Some(ids[500]), PageSize::new(100)))));
    let page = interleaved(rounds, page_ours, || {
        for item in raw.range(ids[501].0..).take(100) {
            black_box(item.expect("it reads"));
        }
    });
    let page_decoded = interleaved(rounds, page_ours, || {
        for item in raw.range(ids[501].0..).take(100) {
            let (_, bytes) = item.expect("it reads");
            black_box(postcard::take_from_bytes::<CertSummary>(&bytes).expect("it decodes"));
        }
    });
    vec![
        at_most("sled get by id, read before / raw sled get", 1.2, bare),
        reported("sled get by id / raw sled get and decoding", with_decoding),
        at_most("sled page of 100, read before / raw sled scan", 1.3, page),
        reported("sled page of 100 / raw sled scan and decoding", page_decoded),
    ]
}

/// A record as one would store it without a store.
type RawRecord = (CertSummary, ServedChain);

fn raw_record(cert: NewCert) -> Vec<u8> {
    let record: RawRecord = (CertSummary::of_new(&cert, now()), cert.chain);
    postcard::to_stdvec(&record).expect("it encodes")
}

/// Many at once, so that they share what it costs to make them durable.
async fn fill(store: &dyn CertStore, count: u64) -> Vec<CertId> {
    let mut ids = Vec::new();
    for start in (0..count).step_by(500) {
        let calls = (start..count.min(start + 500))
            .map(|number| store.insert(cert("alice", number), Quota::UNLIMITED, now()));
        for inserted in futures_util::future::join_all(calls).await {
            ids.push(inserted.expect("there is room").id);
        }
    }
    ids
}

pub(crate) fn temporary() -> TempDir {
    TempDir::new().expect("a temporary folder can be made")
}
