//! What fields are read with: spans of the DER, instead of copies.

use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

/// A part of a certificate's DER. A certificate is capped well below 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The bytes of this span in the DER that it was read from.
    pub(crate) fn of(self, der: &[u8]) -> &[u8] {
        der.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The rest of the span behind its first `octets`.
    pub(super) fn behind(self, octets: u32) -> Self {
        Self { start: (self.start + octets).min(self.end), end: self.end }
    }

    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }
}

/// Skips one element and gives all of it: tag, length and value.
pub(super) fn element(reader: &mut SliceReader<'_>) -> der::Result<Span> {
    let start = reader.position();
    reader.tlv_bytes()?;
    Ok(Span { start: start.into(), end: reader.position().into() })
}

/// Skips one element of type `tag` and gives its value.
pub(super) fn value(reader: &mut SliceReader<'_>, tag: Tag) -> der::Result<Span> {
    let at = reader.position();
    let header = Header::decode(reader)?;
    if header.tag() != tag {
        return Err(header.tag().unexpected_error(Some(tag)).at(at));
    }
    let start = reader.position();
    reader.read_slice(header.length())?;
    Ok(Span { start: start.into(), end: reader.position().into() })
}

/// Whether the next element is `[number]`, context-specific.
pub(super) fn next_is_context(reader: &SliceReader<'_>, number: u32) -> bool {
    matches!(Tag::peek(reader), Ok(Tag::ContextSpecific { number: found, .. }) if found.0 == number)
}
