//! A passphrase as derivations take it.

use zeroize::Zeroizing;

use crate::{DerivationCost, KeyError, Passphrase, caps};

/// A passphrase in both encodings: as it is, and for PKCS #12 in UTF-16.
pub(crate) struct Secret<'a> {
    bytes: &'a [u8],
    utf16: Zeroizing<Vec<u8>>,
}

impl<'a> Secret<'a> {
    /// What is not UTF-8 is taken for Latin-1, as OpenSSL does. Every derivation reads all of it, so it has a cap.
    pub(crate) fn new(passphrase: &'a Passphrase) -> Result<Self, KeyError> {
        let bytes = passphrase.as_bytes();
        if bytes.len() > caps::MAX_PASSPHRASE {
            let cost = DerivationCost::Passphrase { found: bytes.len() };
            return Err(KeyError::DerivationTooCostly(cost));
        }
        // Room for all of it, so that it never moves and leaves a copy behind.
        let mut utf16 = Zeroizing::new(Vec::with_capacity(2 * bytes.len() + 2));
        match core::str::from_utf8(bytes) {
            Ok(text) => text.encode_utf16().for_each(|unit| utf16.extend(unit.to_be_bytes())),
            Err(_) => bytes.iter().for_each(|&byte| utf16.extend([0, byte])),
        }
        // RFC 7292 section B.1: with a zero character behind it.
        utf16.extend([0, 0]);
        Ok(Self { bytes, utf16 })
    }

    /// No passphrase, as some programs write it: without even the zero character.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn nothing() -> Self {
        Self { bytes: &[], utf16: Zeroizing::default() }
    }

    pub(super) const fn as_bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Big-endian, with its zero character.
    pub(super) fn as_utf16(&self) -> &[u8] {
        &self.utf16
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;
    use crate::Passphrase;

    #[test]
    fn characters_of_all_sizes() {
        let utf16 = |bytes: &[u8]| Secret::new(&Passphrase::new(bytes)).unwrap().as_utf16().to_vec();
        assert_eq!(utf16(b""), [0, 0]);
        assert_eq!(utf16("a\u{e9}\u{4e2d}".as_bytes()), [0, 0x61, 0, 0xe9, 0x4e, 0x2d, 0, 0]);
        assert_eq!(utf16("\u{1f511}".as_bytes()), [0xd8, 0x3d, 0xdd, 0x11, 0, 0]);
        assert_eq!(utf16(b"\xe9"), [0, 0xe9, 0, 0], "Latin-1");
        assert_eq!(utf16(&[b'x'; 1024]).len(), 2050);
        assert!(Secret::new(&Passphrase::new([b'x'; 1025])).is_err());
    }
}
