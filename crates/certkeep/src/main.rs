//! The certkeep binary: the server, the check of a chain on one's own machine, and a client of the API.

mod bootstrap;
mod cert;
mod check;
mod cli;
mod client;
mod config;
mod cpu;
mod failure;
mod files;
mod listen;
mod migrate;
mod output;
mod report;
mod serve;
mod store;
mod tls;

use std::{alloc::System, process::ExitCode};

use clap::Parser as _;

/// Wipes memory when it is freed. Private keys pass through the buffers of HTTP and JSON, which no type of ours owns.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    let result = match cli::Cli::parse().command {
        cli::Command::Cert(args) => cert::run(&args).map(|()| ExitCode::SUCCESS),
        cli::Command::Check(args) => check::run(&args),
        cli::Command::Migrate(args) => migrate::run(&args).map(|()| ExitCode::SUCCESS),
        cli::Command::Serve(args) => serve::run(args).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|failure| {
        eprintln!("certkeep: {failure}");
        failure.exit_code()
    })
}
