//! `cargo xtask ratios` and `cargo xtask bench`.

use crate::command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// What is handed on, such as `--json` or the name of a suite
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// What our work costs over its unavoidable part.
pub(crate) fn ratios(options: &Options) -> Result<(), String> {
    let run =
        ["run", "--quiet", "--release", "--locked", "--package", "certkeep-benches", "--bin", "ratios", "--"];
    command::run(command::cargo(&run).args(&options.arguments))
}

/// The criterion suites, OpenSSL beside us.
pub(crate) fn bench(options: &Options) -> Result<(), String> {
    let run = ["bench", "--locked", "--package", "certkeep-benches", "--features", "openssl", "--"];
    command::run(command::cargo(&run).args(&options.arguments))
}
