//! Prints how much more than the unavoidable work ours costs: numerator and denominator take turns in one run, and
//! their medians are compared, so that whatever else the machine does slows both.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use cert_core::{Bundle, Chain, KeyType, ValidatedBundle, ValidationPolicy, decode_pem, inspect};
use certkeep_benches::{
    hostile,
    sample::{NOW, RawCheck, Sample},
};
use clap::Parser;
use pki_types::{CertificateDer, pem::PemObject as _};
use serde::Serialize;

/// Ratios of our work to the unavoidable part of it.
#[derive(Parser)]
struct Arguments {
    /// Prints a JSON list instead of a table.
    #[arg(long)]
    json: bool,
    /// How often each pair is measured.
    #[arg(long, default_value_t = 400)]
    rounds: usize,
}

#[derive(Serialize)]
struct Ratio {
    name: &'static str,
    value: f64,
    target: f64,
    bound: &'static str,
}

fn main() {
    let arguments = Arguments::parse();
    let ratios = measure(arguments.rounds);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&ratios).expect("numbers serialize"));
        return;
    }
    for ratio in &ratios {
        println!(
            "{:<64} {:>7.3}  {} {}",
            ratio.name,
            ratio.value,
            ratio.bound.replace('_', " "),
            ratio.target
        );
    }
    for (name, cost) in worst_inputs() {
        println!("hostile: {name:<55} {cost:>9.2?}");
    }
}

fn measure(rounds: usize) -> Vec<Ratio> {
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

const fn at_most(name: &'static str, target: f64, value: f64) -> Ratio {
    Ratio { name, value, target, bound: "at_most" }
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
    decoded.resize_with((rounds + 1) * BATCH, || chain.clone());
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

/// Calls of one side before the other has its turn.
const BATCH: usize = 8;

fn interleaved(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> f64 {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..BATCH).for_each(|_| work());
        start.elapsed()
    };
    let mut numerators = Vec::with_capacity(rounds);
    let mut denominators = Vec::with_capacity(rounds);
    time(&mut ours);
    time(&mut theirs);
    for _ in 0..rounds {
        numerators.push(time(&mut ours));
        denominators.push(time(&mut theirs));
    }
    median(numerators).as_secs_f64() / median(denominators).as_secs_f64()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What a full report on each hostile input costs, the slowest last.
fn worst_inputs() -> Vec<(&'static str, Duration)> {
    let mut costs: Vec<(&'static str, Duration)> =
        hostile::all().iter().map(|input| (input.name, cost(input))).collect();
    costs.sort_by_key(|&(_, cost)| cost);
    costs
}

fn cost(input: &hostile::Hostile) -> Duration {
    let mut anchors = cert_core::TrustAnchors::new();
    anchors.add_pem(&input.root, cert_core::AnchorOrigin::Private).expect("a root reads back");
    let anchors = std::sync::Arc::new(anchors);
    let times = (0..20).map(|_| {
        let policy = ValidationPolicy::new(std::sync::Arc::clone(&anchors));
        let start = Instant::now();
        black_box(inspect(&input.chain, None, &policy, NOW));
        start.elapsed()
    });
    median(times.collect())
}
