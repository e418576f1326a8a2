//! `cargo xtask ratios`, `cargo xtask hostile` and `cargo xtask bench`.

use std::process::Command;

use crate::command;

#[derive(clap::Args)]
pub(crate) struct RatioOptions {
    /// What is measured, such as `core`; all groups unless some are named
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Print a JSON list instead of a table
    #[arg(long)]
    json: bool,
    /// How often each pair is measured
    #[arg(long)]
    rounds: Option<usize>,
}

#[derive(clap::Args)]
pub(crate) struct HostileOptions {
    /// Only inputs whose name has this in it
    filter: Option<String>,
    /// How often each is measured
    #[arg(long)]
    rounds: Option<usize>,
}

#[derive(clap::Args)]
pub(crate) struct BenchOptions {
    /// What is handed on to criterion, such as part of a benchmark's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What our work costs over its unavoidable part.
pub(crate) fn ratios(options: &RatioOptions) -> Result<(), String> {
    let mut run = measuring("ratios");
    run.args(&options.groups);
    if options.json {
        run.arg("--json");
    }
    if let Some(rounds) = options.rounds {
        run.args(["--rounds", &rounds.to_string()]);
    }
    command::run(&mut run)
}

/// What the worst known inputs cost.
pub(crate) fn hostile(options: &HostileOptions) -> Result<(), String> {
    let mut run = measuring("hostile");
    run.args(&options.filter);
    if let Some(rounds) = options.rounds {
        run.args(["--rounds", &rounds.to_string()]);
    }
    command::run(&mut run)
}

/// The criterion suites, OpenSSL beside us.
pub(crate) fn bench(options: &BenchOptions) -> Result<(), String> {
    let package = ["bench", "--locked", "--package", "certkeep-benches", "--features", "openssl"];
    let mut run = command::cargo(&package);
    // Only the suites: libraries and programs would take the arguments for a test harness.
    run.args(["--bench", "*", "--"]).args(&options.arguments);
    command::run(&mut run)
}

/// A program of the benches, optimized.
fn measuring(program: &str) -> Command {
    let package = ["run", "--quiet", "--release", "--locked", "--package", "certkeep-benches"];
    let mut run = command::cargo(&package);
    run.args(["--bin", program, "--"]);
    run
}
