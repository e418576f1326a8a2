//! Log lines on the standard error. Nothing that is secret is ever handed to them.

mod fields;
mod line;
mod lines;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use self::{
    fields::Plain,
    line::{Instant, Line},
    lines::{Lines, Writing},
};
use crate::{config::LogFormat, failure::Failure};

/// From here on, lines are written for as long as what this returns lives: those that `CERTKEEP_LOG` wants, `info` by
/// default.
pub(crate) fn start(format: LogFormat) -> Result<Writing, Failure> {
    let filter = EnvFilter::try_from_env("CERTKEEP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let (lines, writing) =
        Lines::to(io::stderr()).map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text if io::stderr().is_terminal() => builder.init(),
        LogFormat::Text => builder.with_ansi(false).fmt_fields(Plain).event_format(Line(Instant)).init(),
    }
    Ok(writing)
}
