//! BER to DER. Browsers and mail programs write PKCS #12 in BER: lengths that are not known at the start, and octet
//! strings in pieces.

use zeroize::Zeroizing;

use crate::cursor::OCTET_STRING;

/// The same in DER, as far as lengths and octet strings go. `None` for what is not even BER.
pub(super) fn to_der(ber: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut rest = ber;
    let mut der = Zeroizing::new(Vec::with_capacity(ber.len()));
    write_element(&mut rest, &mut der, MAX_DEPTH)?;
    rest.is_empty().then_some(der)
}

/// Real files have about ten levels. Each level copies what is within.
const MAX_DEPTH: usize = 24;
const CONSTRUCTED: u8 = 0x20;
const END_OF_CONTENTS: &[u8] = &[0, 0];

fn write_element(rest: &mut &[u8], der: &mut Vec<u8>, depth: usize) -> Option<()> {
    let tag = take(rest, 1)?[0];
    // Tags of more than one byte occur in none of these files.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let length = read_length(rest)?;
    if tag & CONSTRUCTED == 0 {
        let content = take(rest, length?)?;
        write_header(tag, content.len(), der);
        der.extend_from_slice(content);
        return Some(());
    }
    let content = read_constructed(rest, length, depth.checked_sub(1)?)?;
    if tag == OCTET_STRING | CONSTRUCTED {
        let octets = octets_of_pieces(&content)?;
        write_header(OCTET_STRING, octets.len(), der);
        der.extend_from_slice(&octets);
    } else {
        write_header(tag, content.len(), der);
        der.extend_from_slice(&content);
    }
    Some(())
}

/// The elements within one, each in DER.
fn read_constructed(rest: &mut &[u8], length: Option<usize>, depth: usize) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(length) = length {
        let mut inner = take(rest, length)?;
        // DER keeps its length, so that it never moves and leaves a copy behind.
        let mut content = Zeroizing::new(Vec::with_capacity(length));
        while !inner.is_empty() {
            write_element(&mut inner, &mut content, depth)?;
        }
        return Some(content);
    }
    let mut content = Zeroizing::new(Vec::new());
    while !rest.starts_with(END_OF_CONTENTS) {
        write_element(rest, &mut content, depth)?;
    }
    take(rest, END_OF_CONTENTS.len())?;
    Some(content)
}

/// Joins octet strings that stand one after the other.
pub(super) fn octets_of_pieces(mut pieces: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(pieces.len()));
    while !pieces.is_empty() {
        let is_octet_string = take(&mut pieces, 1)?[0] == OCTET_STRING;
        let length = read_length(&mut pieces)??;
        octets.extend_from_slice(take(&mut pieces, length).filter(|_| is_octet_string)?);
    }
    Some(octets)
}

/// A length, or that it is indefinite.
#[expect(clippy::option_option, reason = "the outer one is that of every function here: not BER")]
fn read_length(rest: &mut &[u8]) -> Option<Option<usize>> {
    match take(rest, 1)?[0] {
        0x80 => Some(None),
        short @ ..0x80 => Some(Some(short.into())),
        long => {
            let bytes = take(rest, usize::from(long & 0x7f))?;
            let add = |length: usize, &byte: &u8| Some(length.checked_mul(256)? | usize::from(byte));
            Some(Some(bytes.iter().try_fold(0, add)?))
        }
    }
}

fn write_header(tag: u8, length: usize, der: &mut Vec<u8>) {
    der.push(tag);
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..];
    match significant {
        [] => der.push(0),
        [short @ ..0x80] => der.push(*short),
        long => {
            // A length has at most as many bytes as `usize`.
            der.push(0x80 | long.len() as u8);
            der.extend_from_slice(long);
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::to_der;

    #[test]
    fn der_stays_as_it_is() {
        let long = [&[0x30, 0x82, 0x01, 0x04, 0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        for der in [&[0x30, 0x00][..], &[0x30, 0x03, 0x02, 0x01, 0x05], &[0x04, 0x02, 0x30, 0x80], &long] {
            assert_eq!(to_der(der).as_deref().map(Vec::as_slice), Some(der));
        }
    }

    #[test]
    fn indefinite_lengths_and_pieces() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 1, 0x24, 0x03, 0x04, 0x01, 2, 0, 0, 0x02, 0x81, 0x01, 5, 0, 0,
        ];
        assert_eq!(to_der(&ber).unwrap().as_slice(), [0x30, 0x07, 0x04, 0x02, 1, 2, 0x02, 0x01, 5]);
    }

    #[test]
    fn what_is_no_ber() {
        let deep = [0x30, 0x80].repeat(100_000);
        let cases: [&[u8]; 8] = [
            &[],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 1],
            &[4, 0x80, 0, 0],
            &[0x3f, 0],
            &[0x24, 3, 2, 1, 0],
            &deep,
        ];
        for ber in cases {
            assert!(to_der(ber).is_none(), "{:?}", &ber[..ber.len().min(8)]);
        }
        assert!(to_der(&[0x30, 0, 0]).is_none(), "a tail");
        assert!(to_der(&[&[0x30, 0x89][..], &[0xff; 9]].concat()).is_none(), "a length beyond all numbers");
    }
}
