//! The certkeep binary: the server, the check of a chain on one's own machine, and a client of the API.

mod bootstrap;
mod cert;
mod check;
mod cli;
mod client;
mod config;
mod cpu;
mod credential;
mod domain;
mod failure;
mod files;
mod import;
mod key_ring;
mod listen;
mod live;
mod log;
mod manual;
mod migrate;
mod numbers;
mod operator;
mod output;
mod report;
mod restored;
mod serve;
mod server_args;
mod signals;
mod store;
mod timed_store;
mod tls;

use std::{alloc::System, process::ExitCode};

use clap::Parser as _;

use cli::{Cli, Command};
use failure::Failure;

/// Wipes memory when it is freed. Private keys pass through the buffers of HTTP and JSON, which no type of ours owns.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    run(Cli::parse().command).unwrap_or_else(|failure| {
        eprintln!("certkeep: {failure}");
        failure.exit_code()
    })
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Cert(args) => cert::run(&args)?,
        Command::Check(args) => return check::run(&args),
        Command::Completion(args) => manual::completion(&args)?,
        Command::Credential(args) => credential::run(&args)?,
        Command::Domain(args) => domain::run(&args)?,
        Command::Import(args) => import::run(&args)?,
        Command::KeyRing(args) => key_ring::run(&args)?,
        Command::Man(args) => manual::man(&args)?,
        Command::Migrate(args) => migrate::run(&args)?,
        Command::Restored(args) => restored::run(&args)?,
        Command::Retire(args) => operator::retire(&args)?,
        Command::Rewrap(args) => operator::rewrap(&args)?,
        Command::Serve(args) => serve::run(args)?,
    }
    Ok(ExitCode::SUCCESS)
}
