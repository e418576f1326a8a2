//! Loads a real server from this process, over loopback: `cargo xtask load`.
//!
//! First, signed reads of a certificate beside a bare axum handler that returns the same bytes. Both are asked by the
//! same client over as many connections that stay, in short turns, and who begins a round changes: whatever else the
//! machine does meets both. Then the latency of these reads alone, and beside uploads: RSA-4096 chains, and the most
//! expensive refusals that are known. The uploading connections stand open in both, and their client yields to
//! the reading one, since it would not be on the server's machine.

mod client;
mod cpu;
mod report;
mod server;
mod uploads;

use std::{process::ExitCode, time::Duration};

use client::{Request, percentile};
use report::{Latency, Report, Throughput, Turn};
use server::{Bare, Certkeep, Server};

/// Connections that read at once.
const READERS: usize = 8;
/// Connections that upload at once, of each kind.
const UPLOADERS: usize = 2;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_secs(1);
const LATENCY_ROUNDS: usize = 7;
const LATENCY_ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", body] => server::run_bare(body),
        [program] => run(program, false),
        [program, "--json"] => run(program, true),
        _ => {
            eprintln!("usage: load PATH-OF-CERTKEEP [--json]");
            ExitCode::from(2)
        }
    }
}

fn run(program: &str, as_json: bool) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let report = runtime.expect("threads can be started").block_on(measure(program));
    if as_json {
        println!("{}", serde_json::to_string_pretty(&report).expect("numbers serialize"));
    } else {
        print!("{report}");
    }
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(program: &str) -> Report {
    let certkeep = Certkeep::start(program);
    let read = certkeep.store_one().await;
    let bytes = client::body(certkeep.address(), &read).await;
    let bare = Bare::start(&bytes);
    Report {
        body_bytes: bytes.len(),
        throughput: throughput(&certkeep, &read, &bare).await,
        latency: latency(&certkeep, &read).await,
    }
}

/// Requests a second of both, in turns so that both meet the same machine.
async fn throughput(certkeep: &Certkeep, read: &Request, bare: &Bare) -> Vec<Throughput> {
    let unsigned = Request::get("/", &[]);
    client::run(certkeep.address(), read, READERS, WARM_UP).await;
    client::run(bare.address(), &unsigned, READERS, WARM_UP).await;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let (ours, theirs);
        if round % 2 == 0 {
            ours = turn(&certkeep.server, read).await;
            theirs = turn(&bare.server, &unsigned).await;
        } else {
            theirs = turn(&bare.server, &unsigned).await;
            ours = turn(&certkeep.server, read).await;
        }
        rounds.push(Throughput { ours, bare: theirs });
        eprint!(".");
    }
    rounds
}

async fn turn(server: &Server, request: &Request) -> Turn {
    let (server_before, client_before) = (server.cpu(), cpu::of_this_process());
    let requests = client::run(server.address(), request, READERS, ROUND).await.len();
    Turn {
        per_second: requests as f64 / ROUND.as_secs_f64(),
        server_us: (server.cpu() - server_before).as_secs_f64() * 1e6 / requests as f64,
        client_us: (cpu::of_this_process() - client_before).as_secs_f64() * 1e6 / requests as f64,
    }
}

/// The 99th percentiles with uploads and without, in turns.
async fn latency(certkeep: &Certkeep, read: &Request) -> Vec<Latency> {
    let uploads = uploads::requests(certkeep);
    let mut rounds = Vec::new();
    for _ in 0..LATENCY_ROUNDS {
        let (alone, _) = beside(certkeep, read, &uploads, false).await;
        let (beside, done) = beside(certkeep, read, &uploads, true).await;
        rounds.push(Latency { alone, beside, done });
        eprint!(".");
    }
    eprintln!();
    rounds
}

/// The 99th percentile of reads, the uploading connections being busy or not.
async fn beside(
    certkeep: &Certkeep,
    read: &Request,
    uploads: &uploads::Uploads,
    busy: bool,
) -> (Duration, uploads::Done) {
    let uploading = uploads::start(certkeep.address(), uploads, UPLOADERS, LATENCY_ROUND, busy);
    let times = client::run(certkeep.address(), read, READERS, LATENCY_ROUND).await;
    (percentile(times, 0.99), uploading.done())
}
