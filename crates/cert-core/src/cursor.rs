//! A cursor over DER that hands out spans instead of copies.
//!
//! `der` reads everything, in any encoding rules and from any source, and that generality took most of the time of
//! decoding a certificate. The cursor reads the headers that certificates consist of itself. A header in any other
//! form, and every error, is left to `der`: what is accepted, and what is said of the rest, is its judgement.

use der::{Decode, Header, Length, Reader as _, SliceReader, Tag, asn1::BitStringRef};

/// The identifier octets that are looked for (ITU-T X.690 section 8.1.2).
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const TELETEX_STRING: u8 = 0x14;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;

/// A part of DER, counted from its first byte. What is read here is capped well below 4 GiB.
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
    pub(crate) fn behind(self, octets: u32) -> Self {
        Self { start: (self.start + octets).min(self.end), end: self.end }
    }

    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }
}

/// One element: its identifier octet, all of it, and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) tag: u8,
    pub(crate) whole: Span,
    pub(crate) value: Span,
}

/// Reads the elements of a part of `der` one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    der: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(der: &'a [u8]) -> Self {
        Self { der, at: 0, end: der.len().min(u32::MAX as usize) }
    }

    pub(crate) fn starting_at(der: &'a [u8], at: Length) -> Self {
        Self { at: u32::from(at) as usize, ..Self::new(der) }
    }

    /// Over a part; its spans still count from the first byte of `der`.
    pub(crate) fn within(der: &'a [u8], part: Span) -> Self {
        Self { der, at: part.start as usize, end: (part.end as usize).min(der.len()) }
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.at >= self.end
    }

    /// Whether the next element is `[number]`, context-specific.
    pub(crate) fn next_is_context(&self, number: u8) -> bool {
        self.peek().is_some_and(|tag| is_context(tag, number))
    }

    /// The next element. Inlined, so that it is not written to memory and read back: that doubled what decoding costs.
    #[inline(always)]
    pub(crate) fn element(&mut self) -> der::Result<Element> {
        let element = self.common_element().map_or_else(|| self.any_element(), Ok)?;
        self.at = element.whole.end as usize;
        Ok(element)
    }

    /// The value of the next element, whose identifier octet must be `tag`.
    pub(crate) fn value(&mut self, tag: u8) -> der::Result<Span> {
        match self.peek() {
            Some(found) if found != tag => Err(self.unexpected(Some(tag))),
            _ => Ok(self.element()?.value),
        }
    }

    /// A cursor over the value of the next element, whose identifier octet must be `tag`.
    pub(crate) fn enter(&mut self, tag: u8) -> der::Result<Self> {
        let value = self.value(tag)?;
        Ok(Self::within(self.der, value))
    }

    /// A cursor over the value of the next element.
    pub(crate) fn enter_any(&mut self) -> der::Result<Self> {
        let value = self.element()?.value;
        Ok(Self::within(self.der, value))
    }

    /// The next element as `der` decodes it.
    pub(crate) fn decode<T: Decode<'a, Error = der::Error>>(&mut self) -> der::Result<T> {
        self.with_der(T::decode)
    }

    /// Reads the next element, all of it, with a reader of `der`.
    pub(crate) fn with_der<T>(
        &mut self,
        read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
    ) -> der::Result<T> {
        let whole = self.element()?.whole;
        let mut reader = SliceReader::new(whole.of(self.der))?;
        read(&mut reader).and_then(|value| reader.finish().map(|()| value)).map_err(|error| {
            let offset = error.position().map_or(0, u32::from);
            at(error.kind(), (whole.start + offset) as usize)
        })
    }

    /// `BOOLEAN DEFAULT FALSE`.
    pub(crate) fn flag(&mut self) -> der::Result<bool> {
        if self.peek() != Some(BOOLEAN) {
            return Ok(false);
        }
        match self.common_value() {
            Some([0xff]) => self.element().map(|_| true),
            _ => self.decode(),
        }
    }

    /// An `INTEGER` of one octet.
    pub(crate) fn small_integer(&mut self) -> der::Result<u8> {
        match (self.peek(), self.common_value()) {
            (Some(INTEGER), Some(&[value @ 0..=0x7f])) => self.element().map(|_| value),
            _ => self.decode(),
        }
    }

    /// The octets of a `BIT STRING`, and how many bits of the last one do not count.
    pub(crate) fn bit_string(&mut self) -> der::Result<(&'a [u8], u8)> {
        match (self.peek(), self.common_value()) {
            (Some(BIT_STRING), Some([unused @ 0..=7, octets @ ..])) if !octets.is_empty() => {
                self.element().map(|_| (octets, *unused))
            }
            _ => self.decode::<BitStringRef<'_>>().map(|bits| (bits.raw_bytes(), bits.unused_bits())),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(&self) -> der::Result<()> {
        if self.is_finished() { Ok(()) } else { Err(self.trailing_data()) }
    }

    /// Why the next element cannot be one with the identifier octet `wanted`, or one of several.
    #[cold]
    pub(crate) fn unexpected(&self, wanted: Option<u8>) -> der::Error {
        let wanted = wanted.and_then(|tag| Tag::from_der(&[tag]).ok());
        match self.header() {
            Ok((header, _)) => at(header.tag().unexpected_error(wanted), self.at),
            Err(error) => error,
        }
    }

    /// The identifier octet of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        if self.is_finished() { None } else { self.der.get(self.at).copied() }
    }

    /// The value of the next element, where its header is of a common form.
    fn common_value(&self) -> Option<&'a [u8]> {
        self.common_element().map(|element| element.value.of(self.der))
    }

    /// The next element, where its header is of a common form.
    fn common_element(&self) -> Option<Element> {
        let rest = self.der.get(self.at..self.end)?;
        let (tag, header, length) = match *rest {
            [tag, length @ 0..=0x7f, ..] => (tag, 2, usize::from(length)),
            [tag, 0x81, length @ 0x80..=0xff, ..] => (tag, 3, usize::from(length)),
            [tag, 0x82, high @ 1..=0xff, low, ..] => (tag, 4, usize::from(high) << 8 | usize::from(low)),
            _ => return None,
        };
        let is_complete = header + length <= rest.len();
        (is_complete && is_common(tag)).then(|| self.element_of(tag, header, length))
    }

    fn element_of(&self, tag: u8, header: usize, length: usize) -> Element {
        // Nothing behind 4 GiB is looked at.
        let (start, value, end) =
            (self.at as u32, (self.at + header) as u32, (self.at + header + length) as u32);
        Element { tag, whole: Span { start, end }, value: Span { start: value, end } }
    }

    #[cold]
    fn any_element(&self) -> der::Result<Element> {
        let (header, mut reader) = self.header()?;
        let value = u32::from(reader.position()) as usize;
        let length = reader.read_slice(header.length())?.len();
        Ok(self.element_of(self.der[self.at], value - self.at, length))
    }

    /// The next header, and a reader of what stands behind it.
    fn header(&self) -> der::Result<(Header, SliceReader<'a>)> {
        let mut reader = SliceReader::new(&self.der[..self.end])?;
        reader.read_slice(Length::try_from(self.at)?)?;
        let header = Header::decode(&mut reader)?;
        Ok((header, reader))
    }

    #[cold]
    fn trailing_data(&self) -> der::Error {
        let (decoded, end) = (length(self.at), length(self.end));
        at(der::ErrorKind::TrailingData { decoded, remaining: end.saturating_sub(decoded) }, self.at)
    }
}

/// Whether an identifier octet is that of `[number]`, context-specific, with a value of either kind.
pub(crate) const fn is_context(tag: u8, number: u8) -> bool {
    tag & !CONSTRUCTED == CONTEXT_SPECIFIC | number
}

/// The magnitude of an `INTEGER` that is not negative and encoded in as few octets as possible, from its value.
pub(crate) fn unsigned(value: &[u8]) -> Option<&[u8]> {
    match value {
        [0] | [1..=0x7f, ..] => Some(value),
        [0, 0x80..=0xff, ..] => Some(&value[1..]),
        _ => None,
    }
}

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
const SET: u8 = 0x31;
const CONSTRUCTED: u8 = 0x20;
const CONTEXT_SPECIFIC: u8 = 0x80;

/// Whether an identifier octet is that of a type that certificates use, or has a class and a number of its own.
const fn is_common(tag: u8) -> bool {
    match tag {
        BOOLEAN..=OBJECT_IDENTIFIER | UTF8_STRING | SEQUENCE | SET => true,
        PRINTABLE_STRING | TELETEX_STRING | IA5_STRING | UTC_TIME | GENERALIZED_TIME | BMP_STRING => true,
        0x40.. => tag & 0x1f != 0x1f,
        _ => false,
    }
}

fn at(kind: der::ErrorKind, offset: usize) -> der::Error {
    kind.at(length(offset))
}

fn length(bytes: usize) -> Length {
    Length::try_from(bytes).unwrap_or(Length::MAX)
}

#[cfg(test)]
mod tests {
    use der::{
        Decode as _, Reader as _, SliceReader,
        asn1::{AnyRef, UintRef},
    };

    use super::{Cursor, INTEGER, unsigned};

    /// Every identifier octet before every first octet of a length, and lengths at the edges of their forms.
    fn headers() -> impl Iterator<Item = Vec<u8>> {
        let lengths: [&[u8]; 12] = [
            &[0],
            &[1],
            &[0x7f],
            &[0x80],
            &[0x81, 0x7f],
            &[0x81, 0x80],
            &[0x81, 0xff],
            &[0x82, 0, 0xff],
            &[0x82, 1, 0],
            &[0x83, 0, 1, 0],
            &[0x83, 1, 0, 0],
            &[0x85, 0, 0, 0, 0, 1],
        ];
        (0..=u8::MAX).flat_map(move |tag| lengths.map(|length| [&[tag][..], length].concat()))
    }

    #[test]
    fn it_accepts_what_der_accepts_and_says_what_der_says() {
        for header in headers() {
            for behind in [0, 1, 0x80, 0x100, 0x10000] {
                let der = [&header[..], &vec![0; behind]].concat();
                let mut reader = SliceReader::new(&der).unwrap();
                let mut cursor = Cursor::new(&der);
                match (reader.tlv_bytes(), cursor.element()) {
                    (Ok(theirs), Ok(ours)) => {
                        assert_eq!(ours.whole.of(&der), theirs);
                        assert_eq!(ours.value.of(&der), AnyRef::from_der(theirs).unwrap().value());
                        assert_eq!(cursor.at, theirs.len());
                    }
                    (Err(theirs), Err(ours)) => assert_eq!(ours.kind(), theirs.kind(), "{header:02x?}"),
                    (theirs, ours) => panic!("{header:02x?} + {behind}: {theirs:?}, {ours:?}"),
                }
            }
        }
    }

    #[test]
    fn integers_are_read_as_der_reads_them() {
        for value in
            [&[][..], &[0], &[1], &[0x7f, 0xff], &[0x80], &[0, 0x80], &[0, 0x7f], &[0, 0], &[0xff, 1]]
        {
            let der = [&[INTEGER, value.len() as u8], value].concat();
            let theirs = UintRef::from_der(&der).ok();
            assert_eq!(unsigned(value), theirs.as_ref().map(UintRef::as_bytes), "{value:02x?}");
        }
    }

    #[test]
    fn errors_count_from_the_first_byte() {
        let der = [0x30, 0x05, 0x02, 0x01, 0x01, 0x01, 0x00];
        let mut outer = Cursor::new(&der);
        let mut inner = outer.enter(0x30).unwrap();
        outer.finish().unwrap();
        assert_eq!(inner.decode::<u8>().unwrap(), 1);
        let offset = |error: der::Error| error.position().map(u32::from);
        assert_eq!(offset(inner.finish().unwrap_err()), Some(5));
        let error = inner.clone().value(INTEGER).unwrap_err();
        assert_eq!(offset(error), Some(5));
        assert_eq!(error.kind().to_string(), "unexpected ASN.1 DER tag: expected INTEGER, got BOOLEAN");
        assert_eq!(offset(inner.decode::<bool>().unwrap_err()), Some(7));
        assert!(Cursor::new(&[]).element().is_err());
    }
}
