//! Random steps, by a store and by a plain model: the same answers, and the same to be seen after each step.

mod plain;
mod step;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use proptest::{
    prelude::{Strategy, any},
    test_runner::{Config, TestCaseError, TestRunner},
};

use self::{
    plain::{Cert, Plain},
    step::{Step, World},
};
use super::Fixture;
use crate::{CertStore, PageSize};

pub async fn random_steps_agree_with_a_plain_model(fixture: impl Fixture) {
    let store = fixture.open().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let rounds = AtomicU64::new(0);
        let steps = proptest::collection::vec(any::<[u8; 8]>().prop_map(Step::from_choices), 1..80);
        // A failure is shown with the steps that it shrinks to; there is no file to keep them in for other crates.
        let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&steps, |steps| {
            // Owners and domains of its own for each round: the store is never emptied.
            let world = World::new(rounds.fetch_add(1, Ordering::Relaxed));
            runtime.block_on(agree(Arc::clone(&store), &world, &steps))
        });
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    });
}

async fn agree(store: Arc<dyn CertStore>, world: &World, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut plain = Plain::default();
    for step in steps {
        let step = step.resolved(|number| plain.generation(number));
        let expected = plain.take(step, world);
        let answer = step.of_store(&*store, world, plain.now()).await;
        proptest::prop_assert_eq!(&answer, &expected, "answer to {:?}", step);
        let seen = see(&*store, world, &plain).await;
        proptest::prop_assert_eq!(seen, plain.seen(world), "after {:?}", step);
    }
    Ok(())
}

/// Everything of a round that can be seen, as text that is easy to compare.
async fn see(store: &dyn CertStore, world: &World, plain: &Plain) -> Vec<String> {
    let mut seen = Vec::new();
    for owner in 0..World::OWNERS {
        let name = world.owner(owner);
        let usage = store.usage(&name, plain.now()).await.unwrap();
        seen.push(format!("usage {} {}", usage.live, usage.total));
        for cert in store.page(&name, None, PageSize::MAX).await.unwrap() {
            let record = store.get(cert.id).await.unwrap();
            let key = store.sealed_key(cert.id, cert.generation).await.unwrap();
            let shown = Cert {
                generation: record.summary.generation.0,
                content: world.content_of(&record.summary.leaf),
                kek: world.number_of(key.kek_id()),
                previous: match record.previous {
                    Some(previous) => {
                        let key = store.sealed_key(cert.id, previous.generation).await.unwrap();
                        Some((
                            previous.generation.0,
                            world.content_of(&previous.leaf),
                            world.number_of(key.kek_id()),
                        ))
                    }
                    None => None,
                },
                superseded_by: record.summary.superseded_by,
            };
            seen.push(format!("{} {shown:?}", cert.id));
            seen.push(format!("bindings {}", store.bindings(cert.id).await.unwrap().len()));
        }
    }
    for target in 0..World::TARGETS {
        let binding = store.bound(&world.target(target)).await.unwrap();
        seen.push(format!("{:?}", binding.map(|binding| (binding.id, binding.generation.0))));
    }
    for kek in 0..World::KEKS {
        let under = store.sealed_under(&world.kek(kek), None, PageSize::MAX).await.unwrap();
        seen.push(format!(
            "under {:?}",
            under.iter().map(|entry| (entry.id, entry.generation.0)).collect::<Vec<_>>()
        ));
    }
    seen
}
