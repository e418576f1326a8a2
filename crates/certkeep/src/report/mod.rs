//! Findings for people at a terminal, and for programs.

mod words;

use std::io::{self, IsTerminal as _};

use cert_core::{ErrorCode, Finding, Language, Level, Location, Report, Rule};
use serde::Serialize;

use self::words::Words;
use crate::failure::Failure;

/// How a report is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) language: Language,
    pub(crate) colour: bool,
}

impl Style {
    /// Colour where the output is a terminal that shows it, and `NO_COLOR` is not set (<https://no-color.org>).
    pub(crate) fn detect(language: Language) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { language, colour: !is_set("NO_COLOR") && !is_dumb && io::stdout().is_terminal() }
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    const fn words(self) -> &'static Words {
        Words::of(self.language)
    }

    fn level(self, level: Level) -> String {
        let words = self.words();
        match level {
            Level::Error => self.paint(words.error, "1;31"),
            Level::Info => self.paint(words.info, "36"),
            Level::Warning => self.paint(words.warning, "33"),
        }
    }
}

/// The whole report: each finding, then the verdict.
pub(crate) fn render(report: &Report, style: Style) -> String {
    let mut text: String = report.findings().iter().map(|finding| render_finding(finding, style)).collect();
    if report.omitted() > 0 {
        text.push_str(&style.words().omitted(report.omitted()));
    }
    if report.findings().iter().any(|finding| finding.rule() == Rule::KeyEncrypted) {
        text.push_str(style.words().passphrase_hint());
    }
    text + &verdict(report, style)
}

fn render_finding(finding: &Finding, style: Style) -> String {
    let (words, language) = (style.words(), style.language);
    let code = finding.code().map(|code| format!(" {code}")).unwrap_or_default();
    let head = format!("{}[{}]{code}", style.level(finding.level()), finding.rule());
    let place = style.paint(&place(finding.location(), words), "1");
    let mut text = format!("{head}: {place}\n  {}\n", finding.message(language));
    if let Some(contrast) = finding.contrast(language) {
        text.push_str(&format!("  {}{}\n", words.expected, contrast.expected));
        text.push_str(&format!("  {}{}\n", words.actual, contrast.actual));
    }
    if let Some(fix) = finding.fix(language) {
        text.push_str(&format!("  {}{fix}\n", style.paint(words.fix, "32")));
    }
    text.push('\n');
    text
}

fn place(location: &Location, words: &Words) -> String {
    let mut parts = vec![words.field(location.field()).to_owned()];
    if let Some(certificate) = location.certificate() {
        parts.push(words.certificate(certificate.position(), certificate.name()));
        if let Some(fingerprint) = certificate.fingerprint() {
            parts.push(format!("SHA-256 {}...", &fingerprint.to_string()[..16]));
        }
    }
    parts.extend(location.line().map(|line| words.line(line)));
    parts.join(words.comma)
}

fn verdict(report: &Report, style: Style) -> String {
    let words = style.words();
    let warnings = report.findings().iter().filter(|finding| finding.level() == Level::Warning).count();
    let (word, colour) = if report.accepted() { (words.accepted, "1;32") } else { (words.refused, "1;31") };
    let details = match report.verdict() {
        Some(code) => words.with_code(code),
        None if warnings > 0 => words.with_warnings(warnings),
        None => String::new(),
    };
    format!("{}{details}\n", style.paint(word, colour))
}

/// A report with its verdict, its texts in the language that was asked for.
pub(crate) fn to_json(report: &Report, language: Language) -> Result<String, Failure> {
    let judged = Judged {
        accepted: report.accepted(),
        verdict: report.verdict(),
        findings: report.findings().iter().map(|finding| JsonFinding::new(finding, language)).collect(),
        omitted: report.omitted(),
        corrected_chain: report.corrected_chain(),
    };
    serde_json::to_string_pretty(&judged)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(format!("cannot write the report: {error}")))
}

#[derive(Serialize)]
struct Judged<'a> {
    accepted: bool,
    verdict: Option<ErrorCode>,
    findings: Vec<JsonFinding<'a>>,
    omitted: usize,
    corrected_chain: Option<&'a str>,
}

/// As a finding serializes, but for the language.
#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    code: Option<ErrorCode>,
    level: Level,
    location: &'a Location,
    message: String,
    expected: Option<String>,
    actual: Option<String>,
    fix: Option<String>,
}

impl<'a> JsonFinding<'a> {
    fn new(finding: &'a Finding, language: Language) -> Self {
        let contrast = finding.contrast(language);
        let (expected, actual) = contrast.map(|contrast| (contrast.expected, contrast.actual)).unzip();
        Self {
            rule: finding.rule().as_str(),
            code: finding.code(),
            level: finding.level(),
            location: finding.location(),
            message: finding.message(language),
            expected,
            actual,
            fix: finding.fix(language),
        }
    }
}

#[cfg(test)]
mod tests {
    use cert_core::{Input, Language, Timestamp, TrustAnchors, ValidationPolicy};

    use super::{Style, render};

    fn text(language: Language, colour: bool) -> String {
        let policy = ValidationPolicy::new(TrustAnchors::webpki());
        let report = Input::chain(b"-----BEGIN X-----\nAAAA\n-----END Y-----")
            .inspect(&policy, Timestamp::from_unix(0));
        render(&report, Style { language, colour })
    }

    #[test]
    fn every_part_has_a_line() {
        assert_eq!(
            text(Language::En, false),
            "error[label_mismatch] 404906: the chain, line 3\n  \
             Line 3 of the chain ends a Y block, but the block began as X.\n  \
             expected: -----END X-----\n  \
             actual: -----END Y-----\n  \
             fix: Send the file's text as it is, from the first BEGIN line to the last END line.\n\n\
             refused with 404906\n"
        );
        let chinese = text(Language::ZhCn, false);
        assert!(chinese.starts_with("错误[label_mismatch] 404906: 证书链，第 3 行\n"), "{chinese}");
        assert!(chinese.ends_with("未通过，错误码 404906\n"), "{chinese}");
    }

    #[test]
    fn colour_is_all_that_colour_adds() {
        let coloured = text(Language::En, true);
        assert!(coloured.contains("\x1b[1;31merror\x1b[0m"), "{coloured:?}");
        let mut plain = coloured.clone();
        for code in ["0", "1", "1;31", "32"] {
            plain = plain.replace(&format!("\x1b[{code}m"), "");
        }
        assert_eq!(plain, text(Language::En, false));
    }
}
