//! The project's own commands: `cargo xtask --help`.

mod command;
mod failover;
mod fuzz;
mod machine;
mod measure;
mod python;
mod test;

use std::process::ExitCode;

use clap::Parser;

/// Commands of the Certkeep workspace
#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    after_help = "\
Examples:
  cargo xtask test            everything that a change must pass, as CI runs it
  cargo xtask test --offline  without installing anything: what is missing is named
  cargo xtask growth sled --up-to 10000
  cargo xtask ratios core     the ratios of one group
  cargo xtask hostile         what the worst known inputs cost, and the bound
  cargo xtask ratios --json   the ratios that docs and issues speak of, for a program
  cargo xtask measure edge    start, memory and floods with 50,000 certificates and 1M names
  cargo xtask fuzz pem --seconds 60
  cargo xtask failover        three Postgres under Patroni, primaries killed under load (minutes)"
)]
enum Cli {
    /// Format, lints, tests, documentation; the official Python SDK and schemathesis against the real server
    Test(test::Options),
    /// The criterion suites, OpenSSL and other libraries beside us
    Bench(measure::BenchOptions),
    /// Primaries killed under load, three times, with `deploy/patroni.yaml`
    Failover,
    /// The fuzz targets, each for a while
    Fuzz(fuzz::Options),
    /// What the calls of a store cost with more and more certificates, as a table
    Growth(measure::GrowthOptions),
    /// What the worst known inputs cost, the slowest last
    Hostile(measure::HostileOptions),
    /// How fast a real server reads, over a bare handler and beside uploads
    Load(measure::LoadOptions),
    /// What an edge costs on a store on disk: start, memory, unknown names
    Measure(measure::MeasureOptions),
    /// What our work costs over the part that nobody can do without
    Ratios(measure::RatioOptions),
}

fn main() -> ExitCode {
    let result = match Cli::parse() {
        Cli::Bench(options) => measure::bench(&options),
        Cli::Failover => failover::run(),
        Cli::Fuzz(options) => fuzz::run(&options),
        Cli::Growth(options) => measure::growth(&options),
        Cli::Hostile(options) => measure::hostile(&options),
        Cli::Load(options) => measure::load(&options),
        Cli::Measure(options) => measure::measure(&options),
        Cli::Ratios(options) => measure::ratios(&options),
        Cli::Test(options) => test::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
