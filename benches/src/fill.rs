//! Filling a store, with progress.

use std::{io::IsTerminal as _, ops::Range, sync::Arc, time::Instant};

use cert_store::{CertStore, NewCert, Quota, conformance::now};
use indicatif::{ProgressBar, ProgressStyle};

/// Inserts that are under way at once, so that they share what it costs to make them durable.
const CLIENTS: u64 = 64;

/// Inserts the certificates of these numbers.
pub async fn fill(store: &Arc<dyn CertStore>, numbers: Range<u64>, cert: fn(u64) -> NewCert) {
    let progress = Arc::new(Progress::new(numbers.end.saturating_sub(numbers.start)));
    let clients: Vec<_> = (numbers.start..numbers.end.min(numbers.start + CLIENTS))
        .map(|first| {
            let (store, progress, numbers) = (Arc::clone(store), Arc::clone(&progress), first..numbers.end);
            tokio::spawn(async move {
                for number in numbers.step_by(CLIENTS as usize) {
                    store.insert(cert(number), Quota::UNLIMITED, now()).await.expect("there is room");
                    progress.advance();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("nothing fails");
    }
    progress.bar.finish_and_clear();
}

/// A bar on a terminal, and a line now and then elsewhere.
struct Progress {
    bar: ProgressBar,
    start: Instant,
    total: u64,
    line_each: u64,
}

impl Progress {
    fn new(total: u64) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} certificates, {per_sec}, {eta} left");
        let bar = ProgressBar::new(total).with_style(style.expect("the template is right"));
        let line_each = if std::io::stderr().is_terminal() { u64::MAX } else { (total / 10).max(20_000) };
        Self { bar, start: Instant::now(), total, line_each }
    }

    fn advance(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        if done.is_multiple_of(self.line_each) {
            eprintln!("{done}/{} certificates, {:.0?}", self.total, self.start.elapsed());
        }
    }
}
