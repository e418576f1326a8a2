//! A log line as text: the instant, the level, the spans around it, where it is from, its fields. It is what
//! `tracing-subscriber` writes by default without colours, at a third of the time: two of these lines are a good part of
//! a read.

use std::{
    cell::Cell,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cert_core::Timestamp;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer, time::FormatTime},
    registry::LookupSpan,
};

/// Writes lines.
pub(crate) struct Line<T = Instant>(pub(crate) T);

impl<S, N, T> FormatEvent<S, N> for Line<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    T: FormatTime,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        self.0.format_time(&mut out)?;
        out.write_str(match *event.metadata().level() {
            Level::ERROR => " ERROR ",
            Level::WARN => "  WARN ",
            Level::INFO => "  INFO ",
            Level::DEBUG => " DEBUG ",
            Level::TRACE => " TRACE ",
        })?;
        if let Some(spans) = context.event_scope() {
            for span in spans.from_root() {
                out.write_str(span.metadata().name())?;
                if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                    && !fields.fields.is_empty()
                {
                    ["{", &fields.fields, "}"].iter().try_for_each(|part| out.write_str(part))?;
                }
                out.write_char(':')?;
            }
            out.write_char(' ')?;
        }
        out.write_str(event.metadata().target())?;
        out.write_str(": ")?;
        context.format_fields(out.by_ref(), event)?;
        out.write_char('\n')
    }
}

/// The present instant to the microsecond, `2026-11-24T16:27:49.642613Z`. A thread writes the part before the point once
/// a second.
pub(crate) struct Instant;

impl FormatTime for Instant {
    fn format_time(&self, out: &mut Writer<'_>) -> fmt::Result {
        write_instant(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), out)
    }
}

/// A second since 1970, and its text as far as the seconds.
type Second = (u64, [u8; LEN]);

const LEN: usize = "2026-11-24T16:27:49".len();

thread_local! {
    static LAST: Cell<Second> = const { Cell::new((0, *b"1970-01-01T00:00:00")) };
}

fn write_instant(since_1970: Duration, out: &mut impl fmt::Write) -> fmt::Result {
    let second = since_1970.as_secs();
    let mut last = LAST.get();
    if last.0 != second {
        let text = Timestamp::from_unix(i64::try_from(second).unwrap_or(i64::MAX)).to_string();
        // A year of five digits is not for this century.
        last = (second, text.as_bytes().first_chunk().copied().unwrap_or([b'?'; LEN]));
        LAST.set(last);
    }
    let mut fraction = *b".000000Z";
    let mut micros = since_1970.subsec_micros();
    for digit in fraction[1..7].iter_mut().rev() {
        *digit = b'0' + u8::try_from(micros % 10).unwrap_or_default();
        micros /= 10;
    }
    // Both are ASCII.
    out.write_str(std::str::from_utf8(&last.1).unwrap_or_default())?;
    out.write_str(std::str::from_utf8(&fraction).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use super::{Line, write_instant};
    use crate::log::fields::Plain;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged here without an instant, by us or by the library.
    fn written(ours: bool, log: impl FnOnce()) -> String {
        let written = Written::default();
        let out = written.clone();
        let builder = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || out.clone());
        if ours {
            let builder = builder.fmt_fields(Plain).event_format(Line(()));
            tracing::subscriber::with_default(builder.finish(), log);
        } else {
            tracing::subscriber::with_default(builder.without_time().finish(), log);
        }
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_is_as_the_library_writes_it() {
        let log = || {
            tracing::trace!("begins");
            let outer = tracing::info_span!("request", id = "a_b-1");
            let _entered = outer.enter();
            let (method, path, status, elapsed_us) = ("GET", "/sslcert/1", 200_u16, 41_u64);
            tracing::info!(request = "a\"b\\c\u{e9}", method, path, status, elapsed_us, "answered");
            let inner = tracing::debug_span!("step");
            let _entered = inner.enter();
            let (nobody, id) = (None::<&str>, Some(tracing::field::display(7)));
            tracing::warn!(target: "audit", %elapsed_us, principal = nobody, ok = true, id, n = -1, at = ?Some("x"));
            tracing::debug!(path);
            tracing::error!("{} of {}", 1, 2);
        };
        let ours = written(true, log);
        // The instant that is left out leaves its blank.
        let theirs: String = written(false, log).lines().map(|line| format!(" {line}\n")).collect();
        assert_eq!(ours, theirs);
        assert_eq!(ours.lines().count(), 5, "{ours}");
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        let value = "x\n2026 INFO forged\u{1b}[31m\u{9b}1m";
        let text = written(true, || tracing::info!(shown = %value, quoted = value, "{value}"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}']) && text.contains("x\\n2026"), "{text}");
    }

    #[test]
    fn instants_have_microseconds() {
        for (seconds, micros, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (1_795_537_669, 642_613, "2026-11-24T16:27:49.642613Z"),
            (1_795_537_669, 7, "2026-11-24T16:27:49.000007Z"),
            (1_795_537_670, 999_999, "2026-11-24T16:27:50.999999Z"),
        ] {
            let mut text = String::new();
            write_instant(Duration::new(seconds, micros * 1000), &mut text).unwrap();
            assert_eq!(text, expected);
        }
    }
}
