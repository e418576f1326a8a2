//! `cargo xtask test`: what every change must pass.

use std::process::Command;

use crate::{command, machine, python};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Install nothing: say what is missing instead
    #[arg(long)]
    offline: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    machine::prepare(options.offline)?;
    command::run(&mut command::cargo(&["fmt", "--all", "--check"]))?;
    let lints =
        ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
    command::run(&mut command::cargo(&lints))?;
    lint_without_features()?;
    command::run(&mut with_programs(command::cargo(&[
        "test",
        "--workspace",
        "--all-features",
        "--locked",
    ]))?)?;
    // What is said of encrypted keys by a build that does not read them.
    command::run(&mut command::cargo(&["test", "--locked", "--package", "cert-core", "--test", "golden"]))?;
    let embed = ["run", "--quiet", "--locked", "--package", "cert-service", "--example", "embed"];
    command::run(command::cargo(&embed).args(["--features", "testing"]))?;
    let mut docs = command::cargo(&["doc", "--workspace", "--all-features", "--no-deps", "--locked"]);
    command::run(docs.env("RUSTDOCFLAGS", "-D warnings"))?;
    eprintln!("xtask: all tests passed");
    Ok(())
}

/// Each library alone, as somebody who needs no feature gets it.
fn lint_without_features() -> Result<(), String> {
    for package in ["cert-core", "certkeep-store", "cert-service", "cert-http", "cert-rustls"] {
        command::run(&mut command::cargo(&[
            "clippy",
            "--locked",
            "--package",
            package,
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
}

/// Tells the tests where the SDK and schemathesis are, and that the absence of a Postgres is a failure.
fn with_programs(mut tests: Command) -> Result<Command, String> {
    tests.env("CERTKEEP_TEST_PYTHON", python::with_sdk()?);
    tests.env("CERTKEEP_TEST_SCHEMATHESIS", python::schemathesis()?);
    tests.env("CERTKEEP_REQUIRE_POSTGRES", "1");
    Ok(tests)
}
