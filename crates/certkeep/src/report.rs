//! Findings for people at a terminal.

use std::io::{self, IsTerminal as _};

use cert_core::{Field, Finding, Language, Level, Location, Report};

/// How a report is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) language: Language,
    pub(crate) colour: bool,
}

impl Style {
    /// Colour where the output is a terminal and `NO_COLOR` is not set.
    pub(crate) fn detect(language: Language) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { language, colour: !plain && io::stdout().is_terminal() }
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn level(self, level: Level) -> String {
        match level {
            Level::Error => self.paint("error", "1;31"),
            Level::Info => self.paint("info", "36"),
            Level::Warning => self.paint("warning", "33"),
        }
    }
}

/// The whole report: each finding, then the verdict.
pub(crate) fn render(report: &Report, style: Style) -> String {
    let mut text: String = report.findings().iter().map(|finding| render_finding(finding, style)).collect();
    if report.omitted() > 0 {
        text.push_str(&format!("... and {} more\n\n", report.omitted()));
    }
    text + &verdict(report, style)
}

fn render_finding(finding: &Finding, style: Style) -> String {
    let code = finding.code().map(|code| format!(" {code}")).unwrap_or_default();
    let head = format!("{}[{}]{code}", style.level(finding.level()), finding.rule().as_str());
    let place = place(finding.location());
    let mut text = format!("{head}: {place}\n  {}\n", finding.message(style.language));
    if let Some(fix) = finding.fix(style.language) {
        text.push_str(&format!("  {} {fix}\n", style.paint("fix:", "32")));
    }
    text.push('\n');
    text
}

fn place(location: &Location) -> String {
    let mut text = match location.field() {
        Field::Chain => "the chain".to_owned(),
        Field::Key => "the key".to_owned(),
    };
    if let Some(certificate) = location.certificate() {
        text.push_str(&format!(", certificate {}", certificate.position()));
        if !certificate.name().is_empty() {
            text.push_str(&format!(" ({})", certificate.name()));
        }
        if let Some(fingerprint) = certificate.fingerprint() {
            text.push_str(&format!(", SHA-256 {}...", &fingerprint.to_string()[..16]));
        }
    }
    if let Some(line) = location.line() {
        text.push_str(&format!(", line {line}"));
    }
    text
}

fn verdict(report: &Report, style: Style) -> String {
    let warnings = report.findings().iter().filter(|finding| finding.level() == Level::Warning).count();
    match report.verdict() {
        Some(code) => format!("{} with {code}\n", style.paint("refused", "1;31")),
        None if report.accepted() && warnings == 0 => format!("{}\n", style.paint("accepted", "1;32")),
        None if report.accepted() => {
            let plural = if warnings == 1 { "warning" } else { "warnings" };
            format!("{} with {warnings} {plural}\n", style.paint("accepted", "1;32"))
        }
        None => format!("{}\n", style.paint("refused", "1;31")),
    }
}
