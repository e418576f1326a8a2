//! `certkeep rewrap` and `certkeep retire`: leaving a key-encryption key, through a running server.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::{client::Client, failure::Failure, output, server_args::ServerArgs};

/// No private key is opened. It may run beside everything else, and goes on where it stopped if it is called again.
/// The credential must be an operator's.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep rewrap 2026-02-13-0f1e2d3c4b5a6978   the key that is left, as the key ring names it
  certkeep retire 2026-02-13-0f1e2d3c4b5a6978   afterwards: nothing is under it any more")]
pub(crate) struct RewrapArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The key-encryption key that is left
    from: String,
}

/// When this succeeds, nothing in the store is or ever will be sealed under the key. Backups are outside that promise.
/// The credential must be an operator's.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep rewrap 2026-02-13-0f1e2d3c4b5a6978   first
  certkeep retire 2026-02-13-0f1e2d3c4b5a6978")]
pub(crate) struct RetireArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The key-encryption key
    kek: String,
}

/// Calls until nothing is left.
pub(crate) fn rewrap(args: &RewrapArgs) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let spinner = spinner();
    let (mut keys, body) = (0, json!({ "from": args.from }));
    let damaged = loop {
        let answer = client.call(Method::POST, "/admin/rewrap", Some(&body))?;
        keys += answer["keys"].as_u64().unwrap_or_default();
        spinner.set_message(format!("{keys} keys wrapped anew"));
        if answer["complete"] == json!(true) {
            break answer["damaged"].as_u64().unwrap_or_default();
        }
    };
    spinner.finish_and_clear();
    let answer = json!({ "code": 200, "complete": true, "keys": keys, "damaged": damaged });
    output::answer(args.server.json, &answer, format!("{keys} keys were wrapped anew"))?;
    if damaged > 0 {
        return Err(Failure::refused(format!(
            "{damaged} records do not open, since they were altered\n  the server's log names them: delete or replace \
             these certificates, then rewrap again"
        )));
    }
    Ok(())
}

/// Retires the key.
pub(crate) fn retire(args: &RetireArgs) -> Result<(), Failure> {
    let answer: Value =
        Client::new(&args.server)?.call(Method::POST, "/admin/retire", Some(&json!({ "kek": args.kek })))?;
    let said = format!("{} is retired: take it out of the key ring once no backup needs it", args.kek);
    output::answer(args.server.json, &answer, said)
}

/// Shown on a terminal only.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    match ProgressStyle::with_template("{spinner} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
