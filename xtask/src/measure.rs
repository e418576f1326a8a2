//! `cargo xtask ratios`, `measure`, `load`, `hostile` and `bench`.

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
pub(crate) struct LoadOptions {
    /// Print JSON with every round instead of the medians
    #[arg(long)]
    json: bool,
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

#[derive(clap::Args)]
pub(crate) struct GrowthOptions {
    /// `sled` or `postgres`
    backend: String,
    /// The largest number of certificates; a million by default, which takes a while
    #[arg(long)]
    up_to: Option<u64>,
}

/// What calls cost with more and more certificates.
pub(crate) fn growth(options: &GrowthOptions) -> Result<(), String> {
    let mut run = measuring("growth");
    run.arg(&options.backend);
    run.args(given("--up-to", options.up_to));
    command::run(&mut run)
}

#[derive(clap::Args)]
pub(crate) struct MeasureOptions {
    /// What is measured
    what: What,
    /// Small stores, once: whether it works, not what it costs
    #[arg(long)]
    smoke: bool,
    /// How often each thing is measured
    #[arg(long)]
    repeat: Option<usize>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    Edge,
}

/// What a part costs on real stores, which are made on the first run.
pub(crate) fn measure(options: &MeasureOptions) -> Result<(), String> {
    let What::Edge = options.what;
    let mut run = measuring("edges");
    run.arg("--folder").arg(command::target().join("edges"));
    if options.smoke {
        run.arg("--smoke");
    }
    run.args(given("--repeat", options.repeat));
    command::run(&mut run)
}

/// What our work costs over its unavoidable part.
pub(crate) fn ratios(options: &RatioOptions) -> Result<(), String> {
    let mut run = measuring("ratios");
    run.args(&options.groups);
    if options.json {
        run.arg("--json");
    }
    run.args(given("--rounds", options.rounds));
    command::run(&mut run)
}

/// What the worst known inputs cost.
pub(crate) fn hostile(options: &HostileOptions) -> Result<(), String> {
    let mut run = measuring("hostile");
    run.args(&options.filter);
    run.args(given("--rounds", options.rounds));
    command::run(&mut run)
}

/// A real server under load, from a second process.
pub(crate) fn load(options: &LoadOptions) -> Result<(), String> {
    command::run(&mut command::cargo(&["build", "--release", "--locked", "--package", "certkeep"]))?;
    let mut run = measuring("load");
    run.arg(command::target().join("release/certkeep"));
    if options.json {
        run.arg("--json");
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

/// An option with its value, where one was given.
fn given(name: &str, value: Option<impl ToString>) -> impl Iterator<Item = String> {
    value.into_iter().flat_map(move |value| [name.to_owned(), value.to_string()])
}

/// A program of the benches, optimized.
fn measuring(program: &str) -> Command {
    let package = ["run", "--quiet", "--release", "--locked", "--package", "certkeep-benches"];
    let mut run = command::cargo(&package);
    run.args(["--bin", program, "--"]);
    run
}
