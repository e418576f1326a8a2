//! What paste damage looks like.

use super::{BYTE_ORDER_MARK, END, PemError, count_lines};

/// There is no block, and no damaged one either: says what is there instead.
pub(super) fn why_no_block(input: &[u8]) -> PemError {
    let text = input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input).trim_ascii();
    match text {
        [] => PemError::Empty,
        _ if text.contains(&0) => PemError::NotText,
        _ => PemError::NoBlock,
    }
}

/// Finds a line that was meant as a boundary: dashes of any kind, and BEGIN or END.
pub(super) fn damaged_boundary(text: &[u8], first_line: usize) -> Option<PemError> {
    let text = String::from_utf8_lossy(text);
    let is_boundary = |line: &str| {
        let after_dashes = line.trim_start_matches(is_dash).trim_start();
        after_dashes.len() < line.len()
            && (after_dashes.starts_with("BEGIN") || after_dashes.starts_with("END"))
    };
    let mut offset = 0;
    for text_line in text.split_inclusive(['\n', '\r']) {
        let boundary = text_line.trim();
        if is_boundary(boundary) {
            let line = first_line + count_lines(&text.as_bytes()[..offset]);
            return Some(name_damage(boundary, line));
        }
        offset += text_line.len();
    }
    None
}

fn name_damage(boundary: &str, line: usize) -> PemError {
    match boundary.chars().find(|&c| is_smart_dash(c)) {
        Some(found) => PemError::SmartDashes { line, found },
        None if boundary.starts_with(END) => PemError::StrayEnd { line },
        None if boundary.starts_with("-----BEGIN") => PemError::NewlinesLost { line },
        None => PemError::BadBoundary { line },
    }
}

fn is_dash(c: char) -> bool {
    c == '-' || is_smart_dash(c)
}

/// Dashes that word processors and chat programs put in the place of hyphens.
fn is_smart_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}
