//! `certkeep check`: the verdict that a server would give, without one.

use std::process::ExitCode;

use cert_core::{ErrorCode, Report, ValidationPolicy};
use cert_service::SystemClock;
use serde::Serialize;

use crate::{
    cli::CheckArgs,
    config::trust,
    failure::Failure,
    files, output,
    report::{self, Style},
};

/// Prints the report; the exit code says whether it is accepted.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let chain = files::read_secret(&args.chain)?;
    let key = args.key.as_deref().map(files::read_secret).transpose()?;
    let policy = ValidationPolicy::new(trust::anchors(&args.trust)?);
    let at = args.at.unwrap_or_else(|| cert_service::now(&SystemClock));

    let report = cert_core::inspect(&chain, key.as_ref().map(|key| key.as_slice()), &policy, at);
    let text = if args.json { to_json(&report)? } else { report::render(&report, Style::detect(args.lang)) };
    output::print(&text)?;
    if let Some(path) = &args.write_chain {
        let chain = report
            .corrected_chain()
            .ok_or_else(|| Failure::new("there is no chain to write: no path to a trust anchor was found"))?;
        std::fs::write(path, chain).map_err(|error| Failure::file("write", path, &error))?;
    }
    Ok(if report.accepted() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

#[derive(Serialize)]
struct Judged<'a> {
    accepted: bool,
    verdict: Option<ErrorCode>,
    #[serde(flatten)]
    report: &'a Report,
}

fn to_json(report: &Report) -> Result<String, Failure> {
    let judged = Judged { accepted: report.accepted(), verdict: report.verdict(), report };
    serde_json::to_string_pretty(&judged)
        .map_err(|error| Failure::new(format!("cannot write the report: {error}")))
}
