//! `certkeep migrate`.

use std::io::Write as _;

use cert_service::{SystemClock, now, with_causes};
use cert_store::{MigrateError, StoreError, migrate};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{cli::MigrateArgs, failure::Failure, store::StoreUrl};

/// Copies everything from one store to another, and compares the two.
pub(crate) fn run(args: &MigrateArgs) -> Result<(), Failure> {
    let [from, to] = [&args.from, &args.to].map(|url| StoreUrl::parse(url).map_err(Failure::new));
    let (from, to) = (from?, to?);
    if matches!((&from, &to), (StoreUrl::Memory, _) | (_, StoreUrl::Memory)) {
        return Err(Failure::new("a store in memory ends with its server: there is nothing to migrate"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    runtime.block_on(copy(&from, &to, args.json))
}

async fn copy(from: &StoreUrl, to: &StoreUrl, json: bool) -> Result<(), Failure> {
    let (source, target) = (from.open().await?, to.open().await?);
    let certificates = source.totals().await.map_err(|error| broken(from, &error))?.certificates;
    let bar = progress_bar(certificates);
    let moment = now(&SystemClock);
    let outcome =
        migrate(&*source, &*target, None, moment, &mut |entries, _| bar.set_position(entries)).await;
    bar.finish_and_clear();
    let digest = outcome.map_err(|error| explain(from, to, &error))?;
    let text = if json {
        format!(r#"{{"entries":{},"sha256":"{}"}}"#, digest.entries, digest.sha256)
    } else {
        format!(
            "{} entries ({certificates} certificates) are in {to}, and nothing else\nboth stores have the digest {}",
            digest.entries, digest.sha256
        )
    };
    // Nobody need be reading.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(())
}

/// Shown on a terminal only.
fn progress_bar(certificates: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} entries, {per_sec}, {eta} left");
    let bar = ProgressBar::new(certificates);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn broken(store: &StoreUrl, error: &StoreError) -> Failure {
    Failure::new(format!("{store}: {}", with_causes(error)))
}

fn explain(from: &StoreUrl, to: &StoreUrl, error: &MigrateError) -> Failure {
    let advice = match error {
        MigrateError::Different { .. } => {
            format!("{to} had something of its own: migrate into an empty store\n  {from} is as it was")
        }
        MigrateError::SourceChanged => {
            "stop the servers that use it, and run the same command again".to_owned()
        }
        MigrateError::Target(StoreError::Conflict { .. } | StoreError::Retired { .. }) => {
            format!("{to} has something else in its place: migrate into an empty store")
        }
        _ => "run the same command again: it goes on where it stopped".to_owned(),
    };
    Failure::new(format!("{}\n  {advice}", with_causes(error)))
}
