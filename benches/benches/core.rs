//! cert-core, stage by stage, and others on the same input.

use std::hint::black_box;

use cert_core::{Bundle, Chain, KeyType, inspect};
use certkeep_benches::sample::{NOW, Sample};
use criterion::{Criterion, criterion_group, criterion_main};
use pki_types::{CertificateDer, TrustAnchor, UnixTime, pem::PemObject as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

fn samples() -> [(&'static str, Sample); 2] {
    [
        ("EC P-256", Sample::new(KeyType::EcP256, "Root A")),
        ("RSA 2048", Sample::new(KeyType::Rsa { bits: 2048 }, "Root B")),
    ]
}

fn decoding(criterion: &mut Criterion) {
    for (name, sample) in samples() {
        let mut group = criterion.benchmark_group(format!("decoding/{name}"));
        group.bench_function("chain, PEM", |bench| {
            bench.iter(|| Chain::decode(black_box(sample.chain.as_bytes())))
        });
        let der = sample.certificates[..2].concat();
        group.bench_function("chain, DER", |bench| bench.iter(|| Chain::decode(black_box(&der))));
        group.bench_function("chain and key", |bench| {
            bench.iter(|| Bundle::decode(black_box(sample.chain.as_bytes()), sample.key.as_bytes()));
        });
        group.bench_function("rustls-pki-types, PEM", |bench| {
            bench.iter(|| {
                CertificateDer::pem_slice_iter(black_box(sample.chain.as_bytes()))
                    .filter_map(Result::ok)
                    .count()
            });
        });
        group.bench_function("x509-parser, leaf", |bench| {
            bench.iter(|| X509Certificate::from_der(black_box(&sample.certificates[0])).is_ok());
        });
        group.finish();
    }
}

fn verdicts(criterion: &mut Criterion) {
    for (name, sample) in samples() {
        let policy = Sample::policy(&[&sample], 16);
        let mut group = criterion.benchmark_group(format!("verdicts/{name}"));
        let decode = || Bundle::decode(sample.chain.as_bytes(), sample.key.as_bytes()).expect("it decodes");
        group.bench_function("whole upload, known intermediate", |bench| {
            bench.iter(|| decode().validate(&policy, NOW).expect("it is valid"));
        });
        group.bench_function("report", |bench| {
            bench.iter(|| inspect(sample.chain.as_bytes(), Some(sample.key.as_bytes()), &policy, NOW));
        });
        let proving = policy.clone().prove_key(true);
        group.bench_function("whole upload, sign-then-verify", |bench| {
            bench.iter(|| decode().validate(&proving, NOW).expect("it is valid"));
        });
        let checks = sample.checks();
        group.bench_function("two raw checks", |bench| {
            bench.iter(|| checks.iter().for_each(|check| check.run()))
        });
        group.bench_function("raw key load", |bench| bench.iter(|| sample.load_key()));
        group.bench_function("webpki, 121 anchors", |bench| bench.iter(|| plain_webpki(&sample)));
        #[cfg(feature = "openssl")]
        group.bench_function("OpenSSL", |bench| bench.iter(|| plain_openssl(&sample)));
        group.finish();
    }
}

/// Path validation as a TLS client does it.
fn plain_webpki(sample: &Sample) {
    let [leaf, intermediate, root] = &sample.certificates;
    let root = CertificateDer::from(root.as_slice());
    let mut anchors: Vec<TrustAnchor<'_>> = webpki_roots::TLS_SERVER_ROOTS.to_vec();
    anchors.push(webpki::anchor_from_trusted_cert(&root).expect("a root reads back"));
    let (leaf, intermediates) =
        (CertificateDer::from(leaf.as_slice()), [CertificateDer::from(intermediate.as_slice())]);
    let end_entity = webpki::EndEntityCert::try_from(&leaf).expect("it decodes");
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.as_unix().unsigned_abs()));
    let usage = webpki::KeyUsage::server_auth();
    let path = end_entity.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &intermediates,
        time,
        usage,
        None,
        None,
    );
    black_box(path.expect("it is valid").anchor().subject.len());
}

#[cfg(feature = "openssl")]
fn plain_openssl(sample: &Sample) {
    use openssl::{
        stack::Stack,
        x509::{X509, X509StoreContext, store::X509StoreBuilder, verify::X509VerifyParam},
    };
    let [leaf, intermediate, root] =
        sample.certificates.each_ref().map(|der| X509::from_der(der).expect("it decodes"));
    let mut store = X509StoreBuilder::new().expect("a store is made");
    let mut parameters = X509VerifyParam::new().expect("parameters are made");
    parameters.set_time(NOW.as_unix());
    store.set_param(&parameters).expect("parameters are set");
    store.add_cert(root).expect("a root is added");
    let mut chain = Stack::new().expect("a stack is made");
    chain.push(intermediate).expect("it is pushed");
    let mut context = X509StoreContext::new().expect("a context is made");
    let valid = context.init(&store.build(), &leaf, &chain, |context| context.verify_cert());
    assert!(valid.expect("it runs"));
}

criterion_group!(suites, decoding, verdicts);
criterion_main!(suites);
