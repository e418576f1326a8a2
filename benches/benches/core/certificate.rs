//! From the DER of a leaf to its fields.

use std::hint::black_box;

use cert_core::Chain;
use criterion::Criterion;
use pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::thread_time::ThreadTime;

pub(crate) fn suite(criterion: &mut Criterion<ThreadTime>) {
    for (name, sample) in crate::samples() {
        let mut group = criterion.benchmark_group(format!("certificate/{name}"));
        let der = sample.certificates[0].as_slice();
        group.bench_function("cert-core", |bench| {
            bench.iter(|| Chain::decode(black_box(der)).expect("it decodes"))
        });
        group.bench_function("webpki", |bench| {
            bench.iter(|| {
                let der = CertificateDer::from(black_box(der));
                webpki::EndEntityCert::try_from(&der).is_ok()
            });
        });
        group.bench_function("x509-parser", |bench| {
            bench.iter(|| X509Certificate::from_der(black_box(der)).is_ok());
        });
        #[cfg(feature = "openssl")]
        group.bench_function("OpenSSL", |bench| {
            bench.iter(|| openssl::x509::X509::from_der(black_box(der)).expect("it decodes"));
        });
        group.finish();
    }
}
