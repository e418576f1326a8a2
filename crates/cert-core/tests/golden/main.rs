//! What tenants are told: uploads with their verdicts and texts in both languages, kept as snapshots.
//!
//! `INSTA_UPDATE=always cargo test -p cert-core --test golden` writes them anew; read the difference as a tenant would.
//! Do it twice, once with `--all-features`: what is said of encrypted keys depends on them.

mod decoding;
mod encrypted;
mod keys;
mod paths;
mod rules;
mod uploads;

use std::fmt::Write as _;

use cert_core::{Cause, Contrast, DecodeError, Finding, Language, Level, Report};
use uploads::Upload;

/// Judges uploads and writes down everything that is said.
fn transcript(uploads: Vec<Upload>) -> String {
    let mut text = String::new();
    for upload in uploads {
        write(&mut text, &upload.name, &upload.inspect()).expect("a String can be written to");
    }
    text
}

fn write(text: &mut String, name: &str, report: &Report) -> std::fmt::Result {
    let verdict = report.first_error().and_then(|error| Some(format!("{} {}", error.code()?, error.rule())));
    writeln!(text, "## {name}\n{}", verdict.unwrap_or_else(|| "accepted".into()))?;
    for finding in report.findings() {
        writeln!(text, "- {}", heading(finding))?;
        for language in Language::ALL {
            writeln!(text, "  {}: {}", language.tag(), stable(finding, &finding.message(*language)))?;
            if let Some(Contrast { expected, actual }) = finding.contrast(*language) {
                writeln!(text, "      {} / {}", stable(finding, &expected), stable(finding, &actual))?;
            }
            if let Some(fix) = finding.fix(*language) {
                writeln!(text, "      {}", stable(finding, &fix))?;
            }
        }
    }
    if report.omitted() > 0 {
        writeln!(text, "- and {} more", report.omitted())?;
    }
    writeln!(text)
}

fn heading(finding: &Finding) -> String {
    let at = finding.location();
    let level = match finding.level() {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
    };
    let certificate = at.certificate().map_or_else(String::new, |c| format!(" certificate {}", c.position()));
    let line = at.line().map_or_else(String::new, |line| format!(" line {line}"));
    stable(
        finding,
        &format!("{level} {} ({:?}{certificate}{line})", finding.rule(), at.field()).to_lowercase(),
    )
}

/// Certificates are made anew each time, so key identifiers, lengths, and lines and offsets behind what depends on a
/// signature's length differ.
fn stable(finding: &Finding, text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(line) = finding.location().line().filter(|&line| line > 2) {
        text = text
            .replace(&format!("ine {line}"), "ine <line>")
            .replace(&format!("第 {line} 行"), "第 <line> 行");
    }
    let varying = match finding.cause() {
        Cause::Decode(DecodeError::TrailingData { len } | DecodeError::TooLarge { len, .. }) => Some(*len),
        Cause::Decode(DecodeError::CertificateTooLarge { len, .. }) => Some(*len),
        _ => None,
    };
    if let Some(number) = varying {
        text = text.replace(&number.to_string(), "<number>");
    }
    let is_hash = |word: &&str| matches!(word.len(), 40 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    match text.split(|c: char| !c.is_ascii_alphanumeric()).find(is_hash).map(str::to_owned) {
        Some(hash) => text.replace(&hash, if hash.len() == 40 { "<key id>" } else { "<sha-256>" }),
        None => text,
    }
}

#[test]
fn decoding() {
    insta::assert_snapshot!(transcript(decoding::uploads()));
}

#[test]
fn encrypted() {
    let features = (cfg!(feature = "encrypted-keys"), cfg!(feature = "pkcs12"));
    let name = match features {
        (true, true) => "encrypted",
        (false, false) => "encrypted_not_read",
        _ => return,
    };
    insta::assert_snapshot!(name, transcript(encrypted::uploads()));
}

#[test]
fn keys() {
    insta::assert_snapshot!(transcript(keys::uploads()));
}

#[test]
fn paths() {
    insta::assert_snapshot!(transcript(paths::uploads()));
}

#[test]
fn rules() {
    insta::assert_snapshot!(transcript(rules::uploads()));
}

#[test]
fn there_are_enough() {
    let of_text = [decoding::uploads(), encrypted::uploads(), keys::uploads()].concat();
    let all = [of_text, paths::uploads(), rules::uploads()].concat();
    assert!(all.len() >= 120, "{}", all.len());
}
