//! From text to DER.

use std::hint::black_box;

use cert_core::decode_pem;
use criterion::Criterion;
use pki_types::{CertificateDer, pem::PemObject as _};
use x509_parser::pem::Pem;

use crate::thread_time::ThreadTime;

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("PEM, chain of two/{name}"));
        let text = sample.chain.as_bytes();
        group.bench_function("cert-core", |bench| {
            bench.iter(|| decode_pem(black_box(text)).expect("it decodes"))
        });
        group.bench_function("rustls-pki-types", |bench| {
            bench.iter(|| {
                let certificates = CertificateDer::pem_slice_iter(black_box(text));
                certificates.collect::<Result<Vec<_>, _>>().expect("it decodes")
            });
        });
        group.bench_function("x509-parser", |bench| {
            bench.iter(|| {
                Pem::iter_from_buffer(black_box(text)).collect::<Result<Vec<_>, _>>().expect("it decodes")
            });
        });
        #[cfg(feature = "openssl")]
        group.bench_function("OpenSSL, certificates too", |bench| {
            bench.iter(|| openssl::x509::X509::stack_from_pem(black_box(text)).expect("it decodes"));
        });
        group.finish();
    }
}
