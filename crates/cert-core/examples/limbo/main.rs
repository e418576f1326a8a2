//! Answers the cases of an x509-limbo file: `cargo run --release -p cert-core --example limbo -- limbo.json`.
//!
//! Prints the suite's result format. Cases of TLS clients are skipped: this crate judges servers' certificates.
//! The policy is the default one, but for two things that are no part of path validation: no validity needs to be
//! left, and a case's own limit on the path's depth is taken over.

mod judge;

use std::{env, fs, process::ExitCode};

use judge::{Limbo, Results};

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: limbo LIMBO.json");
        return ExitCode::from(2);
    };
    match fs::read(&path).map_err(|error| error.to_string()).and_then(|json| run(&json)) {
        Ok(results) => {
            println!("{results}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(json: &[u8]) -> Result<String, String> {
    let limbo: Limbo = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    serde_json::to_string_pretty(&Results::of(&limbo)).map_err(|error| error.to_string())
}
