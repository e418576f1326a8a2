//! cert-core, stage by stage, and others on the same input: aws-lc alone, rustls-pki-types, webpki, x509-parser and, with
//! the feature `openssl`, OpenSSL.

mod certificate;
mod key;
#[cfg(feature = "openssl")]
mod openssl;
mod path;
mod pem;
mod plain;
mod report;
mod thread_time;
mod upload;

use std::time::Duration;

use cert_core::KeyType;
use certkeep_benches::sample::Sample;
use criterion::{Criterion, criterion_group, criterion_main};
use thread_time::ThreadTime;

/// A sample for each type of key, with its name.
fn samples() -> [(&'static str, Sample); 3] {
    [
        ("EC P-256", Sample::new(KeyType::EcP256, "Root A")),
        ("Ed25519", Sample::new(KeyType::Ed25519, "Root B")),
        ("RSA 2048", Sample::new(KeyType::Rsa { bits: 2048 }, "Root C")),
    ]
}

criterion_group! {
    name = suites;
    // What is measured takes microseconds: two seconds are many of them.
    config = Criterion::default()
        .with_measurement(ThreadTime)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = pem::suite, certificate::suite, key::suite, path::suite, report::suite, upload::suite
}
criterion_main!(suites);
