//! Random calls on a service, and on a plain model of it: every answer is the model's, and so is all that can be seen
//! after each. Two owners, an operator with and without an owner, and an edge make them, and time moves forward.
//!
//! Another backend needs a test of one line.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../backends/mod.rs"]
mod backends;
mod calls;
mod plain;
mod world;

use std::sync::Arc;

use backends::Fresh;
use cert_service::CertService;
use cert_store::{CertStore, MemoryStore, StoreDigest};
use proptest::{
    prelude::{Strategy, any},
    test_runner::{Config, TestCaseError, TestRunner},
};

use self::{
    calls::{Call, Stage},
    plain::Plain,
    world::World,
};

#[test]
fn random_calls_agree_with_a_model_on_memory() {
    agree(96, backends::memory);
}

#[test]
fn random_calls_agree_with_a_model_on_postgres() {
    // Fewer, since each begins with a schema of its own.
    agree(16, backends::postgres);
}

#[test]
fn random_calls_agree_with_a_model_on_sled() {
    agree(96, backends::sled);
}

fn agree<F: Future<Output = Fresh>>(cases: u32, fresh: impl Fn() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = World::new();
    let calls = proptest::collection::vec(any::<[u8; 8]>().prop_map(Call::from_choices), 1..120);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config)
        .run(&calls, |calls| runtime.block_on(async { agree_once(&world, fresh().await, &calls).await }));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn agree_once(world: &World, fresh: Fresh, calls: &[Call]) -> Result<(), TestCaseError> {
    let mut stage = Stage::new(world, Arc::clone(&fresh.store)).await;
    let mut plain = Plain::default();
    for call in calls {
        let call = call.resolved(&plain);
        let answer = stage.make(&call, &mut plain).await;
        proptest::prop_assert_eq!(answer.given, answer.expected, "answer to {:?}", call);
        proptest::prop_assert_eq!(stage.see(&plain).await, plain.seen(world), "after {:?}", call);
    }
    let copied = copy(&stage.certs, &stage, fresh.store).await;
    proptest::prop_assert!(copied, "an exported store is the same store");
    Ok(())
}

/// Exports everything and imports it elsewhere, twice; the second time nothing is new.
async fn copy(certs: &CertService, stage: &Stage<'_>, from: Arc<dyn CertStore>) -> bool {
    let to: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
    let other = stage.service(Arc::clone(&to)).await;
    let mut is_same = true;
    for round in 0..2 {
        let mut after = None;
        loop {
            let page =
                certs.export(&stage.operator(), after.as_ref(), cert_store::PageSize::new(3)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key());
            for entry in page {
                let is_canary = matches!(entry, cert_store::Entry::Claim { .. });
                let is_new = other.import(&stage.operator(), entry).await.unwrap();
                is_same &= is_new == (round == 0 && !is_canary);
            }
        }
    }
    let [from, to] = [StoreDigest::of(&*from).await.unwrap(), StoreDigest::of(&*to).await.unwrap()];
    // Each has a canary of its own.
    is_same && from.entries == to.entries
}
