//! Log lines on the standard error. Nothing that is secret is ever handed to them.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// From here on, lines are written: those that `CERTKEEP_LOG` wants, `info` by default.
pub(crate) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("CERTKEEP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
    }
}
