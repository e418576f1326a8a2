//! From decoded certificates to a verified path.

use std::hint::black_box;

use cert_core::{Chain, ValidationPolicy};
use certkeep_benches::sample::{NOW, Sample};
use criterion::{BatchSize, Bencher, Criterion};

use crate::{
    plain::{anchors, verify},
    thread_time::ThreadTime,
};

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("path/{name}"));
        let chain = Chain::decode(sample.chain.as_bytes()).expect("it decodes");
        group.bench_function("cert-core", |bench| {
            validate(bench, &chain, || Sample::policy(&[&sample], 16));
        });
        let warm = Sample::policy(&[&sample], 16);
        group.bench_function("cert-core, known intermediate", |bench| {
            validate(bench, &chain, || warm.clone())
        });
        let checks = sample.checks();
        group.bench_function("aws-lc, the two checks alone", |bench| {
            bench.iter(|| checks.iter().for_each(|check| check.run()));
        });
        let anchors = anchors(&sample);
        group.bench_function("webpki", |bench| {
            bench.iter(|| verify(&anchors, black_box(&sample.certificates)))
        });
        #[cfg(feature = "openssl")]
        {
            let verifier = crate::openssl::Verifier::new(&sample.certificates);
            group.bench_function("OpenSSL", |bench| bench.iter(|| verifier.verify()));
        }
        group.finish();
    }
}

fn validate(bench: &mut Bencher<'_, ThreadTime>, chain: &Chain, policy: impl Fn() -> ValidationPolicy) {
    let prepare = || (chain.clone(), policy());
    bench.iter_batched(
        prepare,
        // The policy is handed on, so that dropping it is not measured.
        |(chain, policy)| (chain.validate(&policy, NOW).expect("it is valid"), policy),
        BatchSize::SmallInput,
    );
}
