//! Everything that there is to say about an upload, as text.

use std::hint::black_box;

use cert_core::{Language, ValidationPolicy, inspect};
use certkeep_benches::sample::{NOW, Sample};
use criterion::Criterion;

use crate::thread_time::ThreadTime;

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("report/{name}"));
        let policy = Sample::policy(&[&sample], 16);
        let (chain, key) = (sample.chain.as_bytes(), sample.key.as_bytes());
        group.bench_function("accepted", |bench| bench.iter(|| report(black_box(chain), key, &policy)));
        let leaf = sample.chain.split_inclusive("-----END CERTIFICATE-----").next().unwrap_or_default();
        group.bench_function("the intermediate is missing", |bench| {
            bench.iter(|| report(black_box(leaf.as_bytes()), key, &policy));
        });
        group.bench_function("damaged text", |bench| {
            bench.iter(|| report(black_box(&chain[..chain.len() - 40]), key, &policy));
        });
        group.finish();
    }
}

fn report(chain: &[u8], key: &[u8], policy: &ValidationPolicy) -> Vec<(String, Option<String>)> {
    let report = inspect(chain, Some(key), policy, NOW);
    report.findings().iter().map(|found| (found.message(Language::En), found.fix(Language::En))).collect()
}
