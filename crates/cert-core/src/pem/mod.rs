//! Text to labelled blocks: strict about what is inside a block, lenient about what surrounds it.
//!
//! RFC 7468 with the liberties that real uploads take: a byte order mark, any line ending, blank lines, text and bag
//! attributes between blocks, indentation, any line length, missing padding, a BEGIN glued to the END before it.
//! Nothing inside a block is ever skipped: it decodes whole or it is an error with its line.

mod damage;
mod scanner;

use base64ct::Encoding as _;
use zeroize::Zeroizing;

use self::{damage::why_no_block, scanner::Scanner};

/// One block of text, its body not decoded yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PemBlock<'a> {
    /// `CERTIFICATE` for `-----BEGIN CERTIFICATE-----`.
    pub(crate) label: &'a str,
    /// The line of BEGIN, counted from 1.
    pub(crate) line: usize,
    /// From the end of the BEGIN line on.
    body: &'a [u8],
}

/// Why text is not PEM. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PemError {
    BadBoundary { line: usize },
    BadCharacter { line: usize, found: char },
    BadPadding { line: usize },
    Empty,
    EmptyBlock { line: usize, label: String },
    EscapedNewlines { line: usize },
    LabelMismatch { line: usize, begin: String, end: String },
    NewlinesLost { line: usize },
    NoBlock,
    NotText,
    SmartDashes { line: usize, found: char },
    StrayEnd { line: usize },
    TooManyBlocks { max: usize },
    Unclosed { line: usize, label: String },
}

/// The blocks of `input` in their order, `max` at the most.
pub(crate) fn blocks(input: &[u8], max: usize) -> Result<Vec<PemBlock<'_>>, PemError> {
    let mut scanner = Scanner::new(input);
    let mut blocks = Vec::new();
    while let Some(block) = scanner.next_block()? {
        if blocks.len() == max {
            return Err(PemError::TooManyBlocks { max });
        }
        blocks.push(block);
    }
    if blocks.is_empty() { Err(why_no_block(input)) } else { Ok(blocks) }
}

/// A block that OpenSSL encrypted: `Proc-Type` and `DEK-Info` of RFC 1421 stand before its base64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncryptedBlock<'a> {
    /// The value of `DEK-Info`, empty where it is missing.
    pub(crate) dek_info: &'a str,
    /// The block without its headers.
    pub(crate) content: PemBlock<'a>,
}

impl<'a> PemBlock<'a> {
    /// Base64 that stands alone, as the body of a block.
    pub(crate) const fn bare(text: &'a [u8]) -> Self {
        Self { label: "", line: 1, body: text }
    }

    /// The parts of a block that starts with the headers of an encrypted key.
    pub(crate) fn encrypted(&self) -> Option<EncryptedBlock<'a>> {
        let is_encrypted = self.body.trim_ascii_start().starts_with(b"Proc-Type:")
            && find(self.body, b"ENCRYPTED").is_some();
        if !is_encrypted {
            return None;
        }
        let (mut at, mut headers_end, mut dek_info) = (0, 0, "");
        for line in self.body.split_inclusive(|&b| b == b'\n' || b == b'\r') {
            let header = line.trim_ascii();
            if header.contains(&b':') {
                headers_end = at + line.trim_ascii_end().len();
                let value =
                    header.strip_prefix(b"DEK-Info:").map(|value| core::str::from_utf8(value.trim_ascii()));
                dek_info = value.and_then(Result::ok).unwrap_or(dek_info);
            } else if !header.is_empty() {
                break;
            }
            at += line.len();
        }
        let (headers, body) = self.body.split_at(headers_end);
        let content = PemBlock { label: self.label, line: self.line + count_lines(headers), body };
        Some(EncryptedBlock { dek_info, content })
    }

    /// The bytes of a public block.
    pub(crate) fn decode(&self) -> Result<Vec<u8>, PemError> {
        let mut text = Vec::with_capacity(self.body.len());
        strip_white_space(self.body, &mut text);
        let digits = self.unpadded(&text)?;
        base64_simd::STANDARD_NO_PAD.decode_to_vec(digits).map_err(|_| self.why_undecodable())
    }

    /// The bytes of a private block: decoded in constant time, wiped when dropped.
    pub(crate) fn decode_secret(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        strip_white_space(self.body, &mut text);
        let digits = self.unpadded(&text)?;
        let mut bytes = Zeroizing::new(vec![0; digits.len() / 4 * 3 + 2]);
        let length =
            base64ct::Base64Unpadded::decode(digits, &mut bytes).map_err(|_| self.why_undecodable())?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// The digits without their padding, which may be missing but must be right where it is there.
    fn unpadded<'t>(&self, text: &'t [u8]) -> Result<&'t [u8], PemError> {
        if text.is_empty() {
            return Err(PemError::EmptyBlock { line: self.line, label: self.label.to_owned() });
        }
        let padding = text.iter().rev().take_while(|&&b| b == b'=').count();
        if padding > 0 && (padding > 2 || !text.len().is_multiple_of(4)) {
            return Err(self.why_undecodable());
        }
        Ok(&text[..text.len() - padding])
    }

    /// Finds what the decoder refused. Only called after it refused, so the time does not depend on a good key.
    fn why_undecodable(&self) -> PemError {
        let mut line = self.line;
        let mut last_line = line;
        let mut previous = 0;
        for (offset, &byte) in self.body.iter().enumerate() {
            let is_digit = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            if byte == b'\\' && matches!(self.body.get(offset + 1), Some(b'n' | b'r')) {
                return PemError::EscapedNewlines { line };
            }
            if !is_digit && !byte.is_ascii_whitespace() {
                return PemError::BadCharacter { line, found: character_at(self.body, offset) };
            }
            if byte == b'\n' && previous != b'\r' || byte == b'\r' {
                line += 1;
            }
            if is_digit {
                last_line = line;
            }
            previous = byte;
        }
        PemError::BadPadding { line: last_line }
    }
}

/// The text of a block: 64 digits a line, `\n` at each end.
pub(crate) fn encode(label: &str, der: &[u8], text: &mut String) {
    text.push_str(BEGIN);
    text.push_str(label);
    text.push_str("-----\n");
    let body = Zeroizing::new(base64ct::Base64::encode_string(der));
    for line in body.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str(END);
    text.push_str(label);
    text.push_str("-----\n");
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &[u8] = b"-----";
const FORM_FEED: u8 = 0x0c;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn strip_white_space(body: &[u8], digits: &mut Vec<u8>) {
    if memchr::memchr3(b' ', b'\t', FORM_FEED, body).is_some() {
        digits.extend(body.iter().filter(|b| !b.is_ascii_whitespace()));
        return;
    }
    let body = strip_usual_lines(body.strip_prefix(b"\n").unwrap_or(body), digits);
    let mut start = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', body) {
        digits.extend_from_slice(&body[start..end]);
        start = end + 1;
    }
    digits.extend_from_slice(&body[start..]);
}

/// Copies lines of 64 digits, as RFC 7468 section 2 has them, as long as they come, and gives the rest.
fn strip_usual_lines<'a>(mut body: &'a [u8], digits: &mut Vec<u8>) -> &'a [u8] {
    while let Some((line, [b'\n', rest @ ..])) = body.split_first_chunk::<64>() {
        // All of it at once: the compiler compares many digits with one instruction.
        if line.iter().fold(0, |ends, &b| ends | u8::from(b == b'\n') | u8::from(b == b'\r')) != 0 {
            break;
        }
        digits.extend_from_slice(line);
        body = rest;
    }
    body
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // What is searched for starts with what bodies do not have: a prepared search would not pay.
    let first = *needle.first()?;
    memchr::memchr_iter(first, haystack).find(|&start| haystack[start..].starts_with(needle))
}

/// Line ends of any kind: LF, CRLF, or CR alone.
fn count_lines(text: &[u8]) -> usize {
    let line_feeds = memchr::memchr_iter(b'\n', text).count();
    let lone_returns = memchr::memchr_iter(b'\r', text)
        .filter(|&i| text.get(i + 1).is_some_and(|&next| next != b'\n'))
        .count();
    line_feeds + lone_returns
}

/// The character that starts at `offset`, for showing it to a person.
fn character_at(text: &[u8], offset: usize) -> char {
    let rest = &text[offset..text.len().min(offset + 4)];
    String::from_utf8_lossy(rest).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::{PemError, blocks};

    const BODY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn one(text: &str) -> Result<Vec<u8>, PemError> {
        let blocks = blocks(text.as_bytes(), 9)?;
        assert_eq!(blocks.len(), 1, "{text}");
        let secret = blocks[0].decode_secret();
        let public = blocks[0].decode();
        assert_eq!(
            public.clone().ok(),
            secret.ok().map(|bytes| bytes.to_vec()),
            "both decoders agree on {text}"
        );
        public
    }

    #[test]
    fn liberties_that_uploads_take() {
        let expected: Vec<u8> = (0..32).collect();
        let (head, tail) = BODY.split_at(20);
        let accepted = [
            format!("-----BEGIN X-----\n{BODY}\n-----END X-----\n"),
            format!("\u{feff}-----BEGIN X-----\r\n{head}\r\n{tail}\r\n-----END X-----"),
            format!("-----BEGIN X-----\r{head}\r{tail}\r-----END X-----\r"),
            format!(
                "Bag Attributes\n    name: x\n  -----BEGIN X-----  \n\n  {head} \n\t{tail}\n  -----END X-----\ntrailing text"
            ),
            format!("-----BEGIN X-----\n{}\n-----END X-----", BODY.trim_end_matches('=')),
            format!("-----BEGIN X-----\n{head} {tail}-----END X-----"),
        ];
        for text in accepted {
            assert_eq!(one(&text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn glued_blocks_are_two() {
        let block = format!("-----BEGIN X-----\n{BODY}\n-----END X-----");
        let text = format!("{block}{block}");
        let lines: Vec<usize> = blocks(text.as_bytes(), 2).unwrap().iter().map(|b| b.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let damaged: [(String, PemError); 18] = [
            (String::new(), PemError::Empty),
            ("\u{feff} \n".into(), PemError::Empty),
            ("hello".into(), PemError::NoBlock),
            (
                "-----BEGIN X-----\n-----END X-----".into(),
                PemError::EmptyBlock { line: 1, label: "X".into() },
            ),
            (format!("a\n-----BEGIN X-----\n{BODY}"), PemError::Unclosed { line: 2, label: "X".into() }),
            (
                format!("-----BEGIN X-----\n{BODY}\n-----BEGIN X-----\n{BODY}\n-----END X-----"),
                PemError::Unclosed { line: 1, label: "X".into() },
            ),
            (
                format!("-----BEGIN X-----\n{BODY}\n-----END Y-----"),
                PemError::LabelMismatch { line: 3, begin: "X".into(), end: "Y".into() },
            ),
            (format!("{BODY}\n-----END X-----"), PemError::StrayEnd { line: 2 }),
            (
                format!("-----BEGIN X-----\nAA*{BODY}\n-----END X-----"),
                PemError::BadCharacter { line: 2, found: '*' },
            ),
            (
                format!("-----BEGIN X-----\nAAAA\nAé{BODY}\n-----END X-----"),
                PemError::BadCharacter { line: 3, found: 'é' },
            ),
            (format!("-----BEGIN X-----\n{BODY}A\n-----END X-----"), PemError::BadPadding { line: 2 }),
            (format!("-----BEGIN X-----\\n{BODY}\\n-----END X-----"), PemError::EscapedNewlines { line: 1 }),
            (format!("-----BEGIN X----- {BODY} -----END X-----"), PemError::NewlinesLost { line: 1 }),
            (format!("-----BEGINX-----{BODY}-----ENDX-----"), PemError::NewlinesLost { line: 1 }),
            (format!("\n—–BEGIN X—–\n{BODY}\n—–END X—–"), PemError::SmartDashes { line: 2, found: '—' }),
            (format!("-----BEGIN X-----\n{BODY}\n—–END X—–"), PemError::SmartDashes { line: 3, found: '—' }),
            ("a\0b".into(), PemError::NotText),
            ("----BEGIN X----\nAA==".into(), PemError::BadBoundary { line: 1 }),
        ];
        for (text, error) in damaged {
            assert_eq!(one(&text), Err(error), "{text}");
        }
    }

    #[test]
    fn no_block_is_skipped_in_silence() {
        let block = format!("-----BEGIN X-----\n{BODY}\n-----END X-----\n");
        for (damaged, error) in [
            (format!("{block}----BEGIN X----\n{BODY}\n----END X----\n"), PemError::BadBoundary { line: 4 }),
            (
                format!("{block}\u{2014}-BEGIN X-----\n{BODY}\n"),
                PemError::SmartDashes { line: 4, found: '\u{2014}' },
            ),
            (format!("{block}{BODY}\n-----END X-----\n{block}"), PemError::StrayEnd { line: 5 }),
        ] {
            assert_eq!(blocks(damaged.as_bytes(), 9).err(), Some(error), "{damaged}");
        }
    }

    #[test]
    fn headers_of_an_encrypted_block() {
        for end in ["\n", "\r\n", "\r"] {
            let lines =
                ["-----BEGIN X-----", "Proc-Type: 4,ENCRYPTED", "DEK-Info: DES-CBC,0102", "", "AAE*", ""];
            let text = lines.join(end) + "-----END X-----";
            let block = blocks(text.as_bytes(), 1).unwrap()[0].encrypted().unwrap();
            assert_eq!(block.dek_info, "DES-CBC,0102");
            assert_eq!(
                block.content.decode(),
                Err(PemError::BadCharacter { line: 5, found: '*' }),
                "{text:?}"
            );
        }
        let plain = format!("-----BEGIN X-----\n{BODY}\n-----END X-----");
        assert!(blocks(plain.as_bytes(), 1).unwrap()[0].encrypted().is_none());
    }

    #[test]
    fn encoding_reads_back() {
        let der: Vec<u8> = (0..200).collect();
        let mut text = String::new();
        super::encode("X", &der, &mut text);
        assert_eq!(one(&text), Ok(der));
        assert!(text.lines().all(|line| line.len() <= 64) && text.ends_with("-----END X-----\n"));
    }
}
