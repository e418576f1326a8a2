//! Finds blocks, and refuses what could be a block that is skipped.

use super::{
    BEGIN, BYTE_ORDER_MARK, DASHES, END, PemBlock, PemError, character_at, count_lines,
    damage::damaged_boundary, find,
};

pub(super) struct Scanner<'a> {
    input: &'a [u8],
    at: usize,
    /// The line of `counted`, which lags behind `at` so that no byte is counted twice.
    line: usize,
    counted: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input: input.strip_prefix(BYTE_ORDER_MARK).unwrap_or(input), at: 0, line: 1, counted: 0 }
    }

    pub(super) fn next_block(&mut self) -> Result<Option<PemBlock<'a>>, PemError> {
        let Some(begin) = self.find_from(self.at, BEGIN.as_bytes()) else {
            return self.check_outside(self.input.len()).map(|()| None);
        };
        self.check_outside(begin)?;
        let line = self.line_at(begin);
        let label = self.label(begin + BEGIN.len(), line)?;
        let body_start = self.end_of_begin_line(begin + BEGIN.len() + label.len() + DASHES.len(), line)?;
        let body_end =
            self.end_of_body(body_start).ok_or_else(|| self.why_unclosed(body_start, line, label))?;
        let end_line = self.line_at(body_end);
        let end_label = self.label(body_end + END.len(), end_line)?;
        if end_label != label {
            return Err(PemError::LabelMismatch {
                line: end_line,
                begin: label.to_owned(),
                end: end_label.to_owned(),
            });
        }
        self.at = body_end + END.len() + label.len() + DASHES.len();
        Ok(Some(PemBlock { label, line, body: &self.input[body_start..body_end] }))
    }

    /// Text outside blocks may say anything, but a boundary in it would be a block that is skipped.
    fn check_outside(&mut self, until: usize) -> Result<(), PemError> {
        let outside = &self.input[self.at..until];
        if memchr::memmem::find(outside, b"BEGIN").is_none()
            && memchr::memmem::find(outside, b"END").is_none()
        {
            return Ok(());
        }
        let first_line = self.line_at(self.at);
        damaged_boundary(outside, first_line).map_or(Ok(()), Err)
    }

    fn end_of_body(&self, start: usize) -> Option<usize> {
        self.find_from(start, DASHES).filter(|&end| self.input[end..].starts_with(END.as_bytes()))
    }

    fn why_unclosed(&self, body_start: usize, line: usize, label: &str) -> PemError {
        let end = self.find_from(body_start, DASHES).unwrap_or(self.input.len());
        match damaged_boundary(&self.input[body_start..end], line) {
            Some(damage @ PemError::SmartDashes { .. }) => damage,
            _ => PemError::Unclosed { line, label: label.to_owned() },
        }
    }

    fn label(&self, start: usize, line: usize) -> Result<&'a str, PemError> {
        let rest = &self.input[start..];
        let length = rest.iter().take(MAX_LABEL).position(|&b| b == b'-').unwrap_or(0);
        let label = core::str::from_utf8(&rest[..length]).unwrap_or_default();
        let printable = !label.is_empty() && label.bytes().all(|b| (b' '..=b'~').contains(&b));
        let closed = rest[length..].starts_with(DASHES);
        if printable && closed {
            return Ok(label);
        }
        let found = rest[length..]
            .iter()
            .take(DASHES.len() + 1)
            .position(|&b| b != b'-')
            .map_or('-', |i| character_at(rest, length + i));
        Err(PemError::BadCharacter { line, found })
    }

    /// A BEGIN line must end after its dashes, else the line breaks of the block were lost.
    fn end_of_begin_line(&self, start: usize, line: usize) -> Result<usize, PemError> {
        let rest = &self.input[start..];
        let blanks = rest.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
        match rest.get(blanks) {
            Some(b'\n' | b'\r') => Ok(start + blanks),
            None => Ok(start + blanks),
            Some(b'\\') => Err(PemError::EscapedNewlines { line }),
            Some(_) => Err(PemError::NewlinesLost { line }),
        }
    }

    fn find_from(&self, start: usize, needle: &[u8]) -> Option<usize> {
        find(&self.input[start..], needle).map(|offset| start + offset)
    }

    fn line_at(&mut self, offset: usize) -> usize {
        self.line += count_lines(&self.input[self.counted..offset]);
        self.counted = offset;
        self.line
    }
}

const MAX_LABEL: usize = 64;
