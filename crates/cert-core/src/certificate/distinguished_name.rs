//! Distinguished names, for people.

use core::fmt::{self, Write as _};

use der::{
    Decode as _, Reader as _, SliceReader, Tag, Tagged as _,
    asn1::{AnyRef, ObjectIdentifier},
};

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
        attributes.iter().filter(|(kind, _)| *kind == COMMON_NAME).map(|(_, value)| text(value)).collect()
    }

    fn attributes(&self) -> der::Result<Vec<(ObjectIdentifier, AnyRef<'a>)>> {
        let mut attributes = Vec::new();
        let mut reader = SliceReader::new(self.der)?;
        reader.sequence(|names| {
            while !names.is_finished() && attributes.len() < MAX_ATTRIBUTES {
                let relative = AnyRef::decode(names)?;
                let mut set = SliceReader::new(relative.value())?;
                while !set.is_finished() {
                    attributes
                        .push(set.sequence(|pair| Ok::<_, der::Error>((pair.decode()?, pair.decode()?)))?);
                }
            }
            // Names of hostile length are cut, not refused: they are only shown.
            names.drain(names.remaining_len())
        })?;
        Ok(attributes)
    }
}

impl fmt::Display for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(attributes) = self.attributes() else {
            return f.write_str("(a name that does not decode)");
        };
        for (index, (kind, value)) in attributes.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            match SHORT_NAMES.iter().find(|(oid, _)| oid == kind) {
                Some((_, short)) => write!(f, "{separator}{short}={}", text(value))?,
                None => write!(f, "{separator}{kind}={}", text(value))?,
            }
        }
        Ok(())
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

/// A directory string as text. Its length is cut, and what could forge a line of a log or a terminal's state is shown
/// as a code point.
fn text(value: &AnyRef<'_>) -> String {
    let bytes = value.value();
    match value.tag() {
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            printable(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)))
        }
        // ISO 8859-1 is how TeletexString is used in certificates.
        Tag::TeletexString => printable(bytes.iter().map(|&b| char::from(b))),
        _ => printable_ascii(bytes),
    }
}

/// The same for bytes that are meant as ASCII, which nearly all are.
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
