//! Fields of a log line without colours, `name=value`: the text that `tracing-subscriber` writes as well.
//!
//! That one takes every value through the machinery of formatting, which is most of the time of a line. Most values
//! here are texts that need no escape.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

/// Writes fields plainly.
pub(crate) struct Plain;

impl<'writer> FormatFields<'writer> for Plain {
    fn format_fields<R: RecordFields>(&self, out: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Visitor { out, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Visitor<'writer> {
    out: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = self.name(field).and_then(|()| value(&mut self.out));
        }
    }

    fn name(&mut self, field: &Field) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.out.write_char(' ')?;
        }
        match field.name() {
            MESSAGE => Ok(()),
            name => {
                self.out.write_str(name.strip_prefix("r#").unwrap_or(name))?;
                self.out.write_char('=')
            }
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |out| out.write_str(if value { "true" } else { "false" }));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        if field.name() == MESSAGE {
            self.field(field, |out| Escaping(out).write_str(value));
        } else if value.bytes().all(is_plain) {
            self.field(field, |out| {
                out.write_char('"')?;
                out.write_str(value)?;
                out.write_char('"')
            });
        } else {
            self.field(field, |out| write!(out, "{value:?}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, |out| write!(Escaping(out), "{value:?}"));
    }
}

const MESSAGE: &str = "message";

/// What is shown as it displays may hold anything: a line of a log stays one, and a terminal that shows it later is told
/// nothing.
struct Escaping<'a, 'writer>(&'a mut Writer<'writer>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (before, after) = rest.split_at(at);
            self.0.write_str(before)?;
            let mut chars = after.chars();
            if let Some(control) = chars.next() {
                write!(self.0, "{}", control.escape_default())?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::Plain;

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

    /// What is logged here without an instant, through our fields or through the library's.
    fn written(ours: bool, log: impl FnOnce()) -> String {
        let written = Written::default();
        let out = written.clone();
        let builder =
            tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || out.clone());
        if ours {
            tracing::subscriber::with_default(builder.fmt_fields(Plain).finish(), log);
        } else {
            tracing::subscriber::with_default(builder.finish(), log);
        }
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_line_is_as_the_library_writes_it() {
        let log = || {
            let span = tracing::info_span!("request", id = "a_b-1");
            let _entered = span.enter();
            let (method, path, status, elapsed_us) = ("GET", "/sslcert/1", 200_u16, 41_u64);
            tracing::info!(request = "a\"b\\c\u{e9}", method, path, status, elapsed_us, "answered");
            let (nobody, id) = (None::<&str>, Some(tracing::field::display(7)));
            tracing::warn!(target: "audit", %elapsed_us, principal = nobody, ok = true, id, below = -1, at = ?Some("x"));
            tracing::error!("{} of {}", 1, 2);
        };
        let ours = written(true, log);
        assert_eq!(ours, written(false, log));
        assert_eq!(ours.lines().count(), 3, "{ours}");
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        let value = "x\n2026 INFO forged\u{1b}[31m";
        let text = written(true, || tracing::info!(shown = %value, quoted = value, "{value}"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("x\\n2026"), "{text}");
    }
}
