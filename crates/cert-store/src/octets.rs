//! Octet strings in serde. Without this they are sequences, which are read one octet at a time.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Borrowed octets, to be written at once.
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Octets that were read at once.
pub(crate) struct OctetString(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for OctetString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(Reader)
    }
}

struct Reader;

impl de::Visitor<'_> for Reader {
    type Value = OctetString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("octets")
    }

    fn visit_bytes<E: de::Error>(self, octets: &[u8]) -> Result<OctetString, E> {
        Ok(OctetString(octets.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, octets: Vec<u8>) -> Result<OctetString, E> {
        Ok(OctetString(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::{OctetString, Octets};

    #[test]
    fn they_are_stored_as_a_sequence_would_be() {
        let octets: Vec<u8> = (0..=255).collect();
        let stored = postcard::to_stdvec(&Octets(&octets)).unwrap();
        assert_eq!(stored, postcard::to_stdvec(&octets).unwrap());
        assert_eq!(postcard::from_bytes::<OctetString>(&stored).unwrap().0, octets);
        assert!(postcard::from_bytes::<OctetString>(&stored[..100]).is_err());
    }
}
