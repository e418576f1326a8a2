//! Distinguished names, for people.

use core::fmt::{self, Write as _};

use der::asn1::ObjectIdentifier;

use crate::cursor::{BMP_STRING, Cursor, OBJECT_IDENTIFIER, SEQUENCE, TELETEX_STRING};

/// The DER of a `Name` (RFC 5280 section 4.1.2.4), read when it is shown.
pub(super) struct DistinguishedName<'a> {
    der: &'a [u8],
}

impl<'a> DistinguishedName<'a> {
    pub(super) const fn new(der: &'a [u8]) -> Self {
        Self { der }
    }

    /// The first common name, made printable.
    pub(super) fn common_name(&self) -> Option<String> {
        self.common_names().into_iter().next().filter(|name| !name.is_empty())
    }

    pub(super) fn common_names(&self) -> Vec<String> {
        let attributes = self.attributes().unwrap_or_default();
        let common_names = attributes.iter().filter(|attribute| attribute.kind == COMMON_NAME);
        common_names.map(Attribute::text).collect()
    }

    fn attributes(&self) -> der::Result<Vec<Attribute<'a>>> {
        let mut attributes = Vec::new();
        let mut names = Cursor::new(self.der).enter(SEQUENCE)?;
        // Names of hostile length are cut, not refused: they are only shown.
        while !names.is_finished() && attributes.len() < MAX_ATTRIBUTES {
            let mut relative = names.enter_any()?;
            while !relative.is_finished() {
                attributes.push(Attribute::read(relative.enter(SEQUENCE)?, self.der)?);
            }
        }
        Ok(attributes)
    }
}

impl fmt::Display for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(attributes) = self.attributes() else {
            return f.write_str("(a name that does not decode)");
        };
        for (index, attribute) in attributes.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match SHORT_NAMES.iter().find(|(kind, _)| *kind == attribute.kind) {
                Some((_, short)) => write!(f, "{separator}{short}={}", attribute.text())?,
                None => write!(f, "{separator}{}={}", attribute.kind, attribute.text())?,
            }
        }
        Ok(())
    }
}

/// A type and a value.
struct Attribute<'a> {
    kind: ObjectIdentifier,
    value_tag: u8,
    value: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn read(mut pair: Cursor<'_>, der: &'a [u8]) -> der::Result<Self> {
        let kind = ObjectIdentifier::from_bytes(pair.value(OBJECT_IDENTIFIER)?.of(der))?;
        let value = pair.element()?;
        pair.finish()?;
        Ok(Self { kind, value_tag: value.tag, value: value.value.of(der) })
    }

    /// A directory string as text. Its length is cut, and what could forge a line of a log or a terminal's state is
    /// shown as a code point.
    fn text(&self) -> String {
        match self.value_tag {
            BMP_STRING => {
                let units = self.value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                printable(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)))
            }
            // ISO 8859-1 is how it is used in certificates.
            TELETEX_STRING => printable(self.value.iter().map(|&b| char::from(b))),
            _ => printable_ascii(self.value),
        }
    }
}

const MAX_ATTRIBUTES: usize = 16;
const MAX_TEXT: usize = 255;
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SHORT_NAMES: [(ObjectIdentifier, &str); 9] = [
    (COMMON_NAME, "CN"),
    (ObjectIdentifier::new_unwrap("2.5.4.5"), "serialNumber"),
    (ObjectIdentifier::new_unwrap("2.5.4.6"), "C"),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), "L"),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), "ST"),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), "O"),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), "OU"),
    (ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25"), "DC"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1"), "emailAddress"),
];

/// Bytes that are meant as ASCII, which nearly all are, as text.
pub(super) fn printable_ascii(bytes: &[u8]) -> String {
    let is_plain = bytes.len() <= MAX_TEXT && bytes.iter().all(|&b| (b' '..=b'~').contains(&b));
    let text = String::from_utf8_lossy(bytes);
    if is_plain { text.into_owned() } else { printable(text.chars()) }
}

fn printable(characters: impl Iterator<Item = char>) -> String {
    let mut shown = String::new();
    for c in characters.take(MAX_TEXT) {
        if c.is_control() || is_direction_control(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "<U+{:04X}>", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Characters that reorder the text around them.
const fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
