//! cert-core over the signature checks and the key load that nobody can do without.

use std::hint::black_box;

use cert_core::{Bundle, Chain, KeyType, ValidatedBundle, ValidationPolicy, decode_pem};
use certkeep_benches::{
    measure::{calls, interleaved},
    sample::{NOW, RawCheck, Sample},
};
use pki_types::{CertificateDer, pem::PemObject as _};

use crate::ratio::{Ratio, at_most};

pub(crate) fn measure(rounds: usize) -> Vec<Ratio> {
    let ec = ["Root A", "Root B"].map(|root| Sample::new(KeyType::EcP256, root));
    let rsa = ["Root C", "Root D"].map(|root| Sample::new(KeyType::Rsa { bits: 2048 }, root));
    vec![
        at_most("whole upload, EC P-256 / two checks and the key load", 1.12, whole(&ec, rounds)),
        at_most("whole upload, RSA 2048 / two checks and the key load", 1.10, whole(&rsa, rounds)),
        at_most("chain without key, EC P-256 / two checks", 1.12, chain_alone(&ec, rounds)),
        at_most("chain without key, RSA 2048 / two checks", 1.12, chain_alone(&rsa, rounds)),
        at_most(
            "whole upload, EC, known intermediate / two checks and the key load",
            0.75,
            known(&ec[0], rounds),
        ),
        at_most("path, EC, known intermediate / two checks", 0.6, known_path(&ec[0], rounds)),
        at_most("PEM chain decoding / rustls-pki-types", 1.0, pem(&ec[0], rounds)),
    ]
}

/// A cache of one signature and uploads that take turns below two intermediates: every signature is checked.
fn whole(samples: &[Sample; 2], rounds: usize) -> f64 {
    let policy = Sample::policy(&[&samples[0], &samples[1]], 1);
    let checks: Vec<RawCheck> = samples.iter().flat_map(Sample::checks).collect();
    let ours = || samples.iter().for_each(|sample| accept(sample, &policy));
    let raw = || {
        checks.iter().for_each(RawCheck::run);
        samples.iter().for_each(Sample::load_key);
    };
    interleaved(rounds, ours, raw)
}

/// Decodes, validates, and takes out what is stored of the leaf.
fn accept(sample: &Sample, policy: &ValidationPolicy) {
    let bundle = Bundle::decode(sample.chain.as_bytes(), sample.key.as_bytes()).expect("it decodes");
    let valid = bundle.validate(policy, NOW).expect("it is valid");
    black_box(metadata(&valid));
}

fn metadata(valid: &ValidatedBundle) -> impl Sized {
    let leaf = valid.leaf();
    (
        leaf.fingerprint(),
        leaf.spki_fingerprint(),
        leaf.cover_names(),
        leaf.common_name(),
        leaf.not_after(),
        leaf.serial().to_vec(),
    )
}

fn chain_alone(samples: &[Sample; 2], rounds: usize) -> f64 {
    let policy = Sample::policy(&[&samples[0], &samples[1]], 1);
    let checks: Vec<RawCheck> = samples.iter().flat_map(Sample::checks).collect();
    let ours = || {
        for sample in samples {
            let chain = Chain::decode(sample.chain.as_bytes()).expect("it decodes");
            black_box(chain.validate(&policy, NOW).expect("it is valid"));
        }
    };
    interleaved(rounds, ours, || checks.iter().for_each(RawCheck::run))
}

fn known(sample: &Sample, rounds: usize) -> f64 {
    let policy = Sample::policy(&[sample], 16);
    let checks = sample.checks();
    let raw = || {
        checks.iter().for_each(RawCheck::run);
        sample.load_key();
    };
    interleaved(rounds, || accept(sample, &policy), raw)
}

/// The path alone: what is left of a validation when decoding is taken away.
fn known_path(sample: &Sample, rounds: usize) -> f64 {
    let policy = Sample::policy(&[sample], 16);
    let checks = sample.checks();
    let mut decoded: Vec<Chain> = Vec::new();
    let chain = Chain::decode(sample.chain.as_bytes()).expect("it decodes");
    decoded.resize_with(calls(rounds), || chain.clone());
    let mut decoded = decoded.into_iter();
    let ours = move || {
        let chain = decoded.next().expect("there are enough");
        black_box(chain.validate(&policy, NOW).expect("it is valid"));
    };
    interleaved(rounds, ours, || checks.iter().for_each(RawCheck::run))
}

fn pem(sample: &Sample, rounds: usize) -> f64 {
    let ours = || {
        black_box(decode_pem(sample.chain.as_bytes()).expect("it decodes"));
    };
    let theirs = || {
        let certificates: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(sample.chain.as_bytes())
                .collect::<Result<_, _>>()
                .expect("it decodes");
        black_box(certificates);
    };
    interleaved(rounds, ours, theirs)
}
