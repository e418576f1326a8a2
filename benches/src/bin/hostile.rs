//! Prints what each hostile input costs, the slowest last: a full report with all its texts. The loading and proving
//! of an RSA key that an upload brings is taken off, since it is measured apart.

use std::{hint::black_box, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use cert_core::{Language, ValidationPolicy, inspect};
use certkeep_benches::{
    hostile::{self, Hostile},
    measure::thread_time,
    sample::NOW,
};
use clap::Parser;

/// What the worst known inputs cost, the slowest last
#[derive(Parser)]
struct Arguments {
    /// Only inputs whose name has this in it
    filter: Option<String>,
    /// How often each is measured
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// What no input may cost beyond its own key.
const BOUND: Duration = Duration::from_millis(20);

fn main() {
    let arguments = Arguments::parse();
    let wanted = arguments.filter.unwrap_or_default();
    let inputs = hostile::all();
    let inputs = inputs.iter().filter(|input| input.name.contains(&wanted));
    let mut costs: Vec<(&str, Duration)> =
        inputs.map(|input| (input.name, cost(input, arguments.rounds))).collect();
    costs.sort_by_key(|&(_, cost)| cost);
    for (name, cost) in &costs {
        let verdict = if *cost > BOUND { "  ABOVE THE BOUND" } else { "" };
        println!("{name:<64} {:>9.3} ms{verdict}", milliseconds(*cost));
    }
    if let Some((name, cost)) = costs.last() {
        println!("worst: {name}, {:.3} ms of at most {} ms", milliseconds(*cost), BOUND.as_millis());
    }
}

fn cost(input: &Hostile, rounds: usize) -> Duration {
    let all = timed(rounds, || input.policy(), |policy| judge(input, &policy));
    let own = input.own_key.as_ref().map_or(Duration::ZERO, |key| timed(rounds, || (), |()| prove(key)));
    all.saturating_sub(own)
}

/// Everything that there is to say, in every language.
fn judge(input: &Hostile, policy: &ValidationPolicy) {
    let report = inspect(&input.chain, input.key.as_deref(), policy, NOW);
    for finding in report.findings() {
        for language in [Language::En, Language::ZhCn] {
            black_box((finding.message(language), finding.fix(language)));
        }
    }
}

/// Loads an RSA key, signs, and verifies.
fn prove(pkcs8: &[u8]) {
    let pair = rsa::KeyPair::from_pkcs8(pkcs8).expect("the key loads");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"message", &mut signature).expect("it signs");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    public.verify(b"message", &signature).expect("it verifies");
}

/// The thread's own time, the least of all rounds: what else the machine does only adds to it.
fn timed<T>(rounds: usize, prepare: impl Fn() -> T, work: impl Fn(T)) -> Duration {
    let times = (0..rounds).map(|_| {
        let prepared = prepare();
        let start = thread_time();
        work(prepared);
        thread_time().saturating_sub(start)
    });
    times.min().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
