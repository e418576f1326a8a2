//! Loads a real server from this process, over loopback: `cargo xtask load`.
//!
//! First, signed reads of a certificate beside a bare axum handler that returns the same bytes, in turns. Then the
//! latency of these reads alone, and beside uploads: RSA-4096 chains, and the most expensive refusals that are known.

mod client;
mod server;
mod uploads;

use std::{process::ExitCode, time::Duration};

use client::{Request, percentile};
use server::{Bare, Certkeep};

/// Connections that read at once.
const READERS: usize = 8;
/// Connections that upload at once, of each kind.
const UPLOADERS: usize = 2;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);
/// What is promised.
const MIN_THROUGHPUT: f64 = 0.6;
const MAX_SLOWDOWN: f64 = 3.0;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(word), Some(body)) if word == "bare" => server::run_bare(&body),
        (Some(program), None) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.expect("threads can be started").block_on(measure(&program))
        }
        _ => {
            eprintln!("usage: load PATH-OF-CERTKEEP");
            ExitCode::from(2)
        }
    }
}

async fn measure(program: &str) -> ExitCode {
    let certkeep = Certkeep::start(program);
    let read = certkeep.store_one().await;
    let bytes = client::body(&certkeep.address, &read).await;
    let bare = Bare::start(&bytes);

    let throughput = throughput(&certkeep, &read, &bare).await;
    let slowdown = slowdown(&certkeep, &read).await;
    let (fast, steady) = (throughput >= MIN_THROUGHPUT, slowdown <= MAX_SLOWDOWN);
    println!("signed read / bare axum handler          {throughput:.2}  (at least {MIN_THROUGHPUT})");
    println!("p99 beside uploads / p99 without         {slowdown:.2}  (at most {MAX_SLOWDOWN})");
    if fast && steady { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median ratio of requests a second, in turns so that both meet the same machine.
async fn throughput(certkeep: &Certkeep, read: &Request, bare: &Bare) -> f64 {
    let unsigned = Request::get("/", &[]);
    client::run(&certkeep.address, read, READERS, WARM_UP).await;
    client::run(&bare.address, &unsigned, READERS, WARM_UP).await;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let ours = client::run(&certkeep.address, read, READERS, ROUND).await.len();
        let bare = client::run(&bare.address, &unsigned, READERS, ROUND).await.len();
        let per_second = |count: usize| count as f64 / ROUND.as_secs_f64();
        println!("signed read {:>8.0}/s   bare {:>8.0}/s", per_second(ours), per_second(bare));
        ratios.push(ours as f64 / bare as f64);
    }
    median(ratios)
}

/// The median ratio of the 99th percentiles, with uploads and without, in turns.
async fn slowdown(certkeep: &Certkeep, read: &Request) -> f64 {
    let uploads = uploads::requests(certkeep);
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let alone = percentile(client::run(&certkeep.address, read, READERS, ROUND).await, 0.99);
        let (beside, done) = tokio::join!(
            client::run(&certkeep.address, read, READERS, ROUND),
            uploads::run(&certkeep.address, &uploads, UPLOADERS, ROUND),
        );
        let beside = percentile(beside, 0.99);
        println!("p99 alone {alone:>9.2?}   beside uploads {beside:>9.2?}   {done}");
        ratios.push(beside.as_secs_f64() / alone.as_secs_f64());
    }
    median(ratios)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
