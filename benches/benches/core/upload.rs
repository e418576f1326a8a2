//! Chain and key, from text to a verdict.

use std::hint::black_box;

use cert_core::{Bundle, ValidationPolicy};
use certkeep_benches::sample::{NOW, Sample};
use criterion::{BatchSize, BenchmarkGroup, Criterion};
use pki_types::{CertificateDer, pem::PemObject as _};

use crate::{
    plain::{anchors, verify},
    thread_time::ThreadTime,
};

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("whole upload/{name}"));
        ours(&mut group, &sample);
        others(&mut group, &sample);
        group.finish();
    }
}

fn ours(group: &mut BenchmarkGroup<'_, ThreadTime>, sample: &Sample) {
    group.bench_function("cert-core", |bench| {
        let policy = || Sample::policy(&[sample], 16);
        let accept = |policy| {
            accept(sample, &policy);
            // Handed on, so that dropping it is not measured.
            policy
        };
        bench.iter_batched(policy, accept, BatchSize::SmallInput);
    });
    let warm = Sample::policy(&[sample], 16);
    group.bench_function("cert-core, known intermediate", |bench| bench.iter(|| accept(sample, &warm)));
    let proving = warm.clone().prove_key(true);
    group.bench_function("cert-core, known intermediate, sign-then-verify", |bench| {
        bench.iter(|| accept(sample, &proving));
    });
}

fn others(group: &mut BenchmarkGroup<'_, ThreadTime>, sample: &Sample) {
    let checks = sample.checks();
    group.bench_function("aws-lc, two checks and the key load alone", |bench| {
        bench.iter(|| {
            checks.iter().for_each(|check| check.run());
            sample.load_key();
        });
    });
    let anchors = anchors(sample);
    group.bench_function("rustls-pki-types, webpki and aws-lc", |bench| {
        bench.iter(|| {
            let certificates = CertificateDer::pem_slice_iter(black_box(sample.chain.as_bytes()));
            let certificates: Vec<Vec<u8>> =
                certificates.map(|certificate| certificate.expect("it decodes").to_vec()).collect();
            verify(&anchors, &certificates);
            sample.load_key();
        });
    });
    #[cfg(feature = "openssl")]
    {
        let root = openssl::x509::X509::from_der(&sample.certificates[2]).expect("it decodes");
        let store = crate::openssl::store(root);
        group.bench_function("OpenSSL", |bench| {
            bench.iter(|| {
                crate::openssl::accept(&store, black_box(sample.chain.as_bytes()), sample.key.as_bytes());
            });
        });
    }
}

fn accept(sample: &Sample, policy: &ValidationPolicy) {
    let bundle =
        Bundle::decode(black_box(sample.chain.as_bytes()), sample.key.as_bytes()).expect("it decodes");
    black_box(bundle.validate(policy, NOW).expect("it is valid"));
}
