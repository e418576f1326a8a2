//! The project's own commands: `cargo xtask --help`.

mod command;
mod machine;
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
  cargo xtask test --offline  without installing anything: what is missing is named"
)]
enum Cli {
    /// Format, lints, tests, documentation, and the official Python SDK against the real server
    Test(test::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse() {
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
