//! Prints what a full report on each hostile input costs, the slowest last.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use cert_core::{AnchorOrigin, TrustAnchors, ValidationPolicy, inspect};
use certkeep_benches::{
    hostile::{self, Hostile},
    measure::median,
    sample::NOW,
};

fn main() {
    let mut costs: Vec<(&'static str, Duration)> =
        hostile::all().iter().map(|input| (input.name, cost(input))).collect();
    costs.sort_by_key(|&(_, cost)| cost);
    for (name, cost) in costs {
        println!("{name:<64} {cost:>9.2?}");
    }
}

fn cost(input: &Hostile) -> Duration {
    let mut anchors = TrustAnchors::new();
    anchors.add_pem(&input.root, AnchorOrigin::Private).expect("a root reads back");
    let anchors = Arc::new(anchors);
    let times = (0..20).map(|_| {
        let policy = ValidationPolicy::new(Arc::clone(&anchors));
        let start = Instant::now();
        black_box(inspect(&input.chain, None, &policy, NOW));
        start.elapsed()
    });
    median(times.collect())
}
