//! What was measured, and whether it is what is promised.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::uploads::Done;

/// What is promised.
const MIN_THROUGHPUT: f64 = 0.6;
const MAX_SLOWDOWN: f64 = 3.0;

/// A whole run.
pub(crate) struct Report {
    pub(crate) body_bytes: usize,
    pub(crate) throughput: Vec<Throughput>,
    pub(crate) latency: Vec<Latency>,
}

/// One round of reads, on both servers.
#[derive(Serialize)]
pub(crate) struct Throughput {
    pub(crate) ours: Turn,
    pub(crate) bare: Turn,
}

/// A turn of one server. The times are processor time for each request.
#[derive(Serialize)]
pub(crate) struct Turn {
    pub(crate) per_second: f64,
    pub(crate) server_us: f64,
    pub(crate) client_us: f64,
}

/// One round of reads, without uploads and beside them.
#[derive(Serialize)]
pub(crate) struct Latency {
    pub(crate) alone: Duration,
    pub(crate) beside: Duration,
    pub(crate) done: Done,
}

impl Report {
    /// Whether the promises are kept.
    pub(crate) fn holds(&self) -> bool {
        self.ratio() >= MIN_THROUGHPUT && self.slowdown() <= MAX_SLOWDOWN
    }

    fn ratio(&self) -> f64 {
        median(self.throughput.iter().map(|round| round.ours.per_second / round.bare.per_second))
    }

    fn slowdown(&self) -> f64 {
        median(self.latency.iter().map(|round| round.beside.as_secs_f64() / round.alone.as_secs_f64()))
    }

    /// The line of one server.
    fn turn(&self, f: &mut fmt::Formatter<'_>, name: &str, turn: fn(&Throughput) -> &Turn) -> fmt::Result {
        let median = |value: fn(&Turn) -> f64| median(self.throughput.iter().map(|round| value(turn(round))));
        let per_second = median(|turn| turn.per_second);
        let (server, client) = (median(|turn| turn.server_us), median(|turn| turn.client_us));
        writeln!(f, "{name:<18}  {per_second:>10.0}   {server:>22.1}   {client:>22.1}")
    }

    fn of_rounds(&self, value: impl Fn(&Latency) -> f64) -> f64 {
        median(self.latency.iter().map(value))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "medians of {} rounds; answers of {} bytes", self.throughput.len(), self.body_bytes)?;
        writeln!(f, "                    requests/s   server, us of CPU each   client, us of CPU each")?;
        self.turn(f, "signed read", |round| &round.ours)?;
        self.turn(f, "bare axum handler", |round| &round.bare)?;
        let ms = |value: fn(&Latency) -> Duration| self.of_rounds(|round| value(round).as_secs_f64() * 1e3);
        let (alone, beside) = (ms(|round| round.alone), ms(|round| round.beside));
        writeln!(
            f,
            "p99 of the read     {alone:.2} ms, beside uploads {beside:.2} ms; the uploading client yields"
        )?;
        let accepted = self.of_rounds(|round| round.done.accepted_per_second);
        let refused = self.of_rounds(|round| round.done.refused_per_second);
        writeln!(f, "uploads a second    {accepted:.0} RSA-4096 accepted, {refused:.0} hostile refused")?;
        let (ratio, slowdown) = (self.ratio(), self.slowdown());
        writeln!(f, "signed read / bare axum handler          {ratio:.2}  (at least {MIN_THROUGHPUT})")?;
        writeln!(f, "p99 beside uploads / p99 without         {slowdown:.2}  (at most {MAX_SLOWDOWN})")
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 6)?;
        report.serialize_field("body_bytes", &self.body_bytes)?;
        report.serialize_field("throughput_ratio", &self.ratio())?;
        report.serialize_field("p99_ratio", &self.slowdown())?;
        report.serialize_field("holds", &self.holds())?;
        report.serialize_field("throughput", &self.throughput)?;
        report.serialize_field("latency", &self.latency)?;
        report.end()
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
