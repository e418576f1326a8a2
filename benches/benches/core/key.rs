//! A private key: loaded, and compared with the leaf.

use std::hint::black_box;

use cert_core::Bundle;
use criterion::Criterion;

use crate::thread_time::ThreadTime;

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("key/{name}"));
        let leaf = sample.certificates[0].as_slice();
        group.bench_function("cert-core, with its leaf", |bench| {
            bench.iter(|| Bundle::decode(black_box(leaf), sample.key.as_bytes()).expect("it decodes"));
        });
        group.bench_function("aws-lc, the load alone", |bench| bench.iter(|| sample.load_key()));
        #[cfg(feature = "openssl")]
        group.bench_function("OpenSSL, with its leaf", |bench| {
            bench.iter(|| crate::openssl::load_and_match(black_box(leaf), sample.key.as_bytes()));
        });
        group.finish();
    }
}
