//! Subject alternative names (RFC 5280 section 4.2.1.6).

use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _, asn1::AnyRef};

use super::{distinguished_name::printable_ascii, error::CertificateError};
use crate::caps;

/// The names of the extension that this crate uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubjectAltNames {
    /// The `dNSName`s as text, in their order.
    pub(crate) dns: Vec<String>,
    /// The `iPAddress`es: 4 or 16 octets where they are right.
    pub(crate) ip_addresses: Vec<Vec<u8>>,
    /// How many names there are of all kinds.
    pub(crate) count: usize,
}

impl SubjectAltNames {
    /// Reads the extension's value.
    pub(super) fn read(value: &[u8]) -> Result<Self, CertificateError> {
        let mut names = Self::default();
        let mut reader = SliceReader::new(value)?;
        reader.sequence(|list| {
            while !list.is_finished() {
                names.count += 1;
                if names.count > caps::MAX_SUBJECT_ALT_NAMES {
                    return Err(CertificateError::TooManyNames { max: caps::MAX_SUBJECT_ALT_NAMES });
                }
                names.push(&AnyRef::decode(list)?);
            }
            Ok::<_, CertificateError>(())
        })?;
        reader.finish()?;
        Ok(names)
    }

    fn push(&mut self, name: &AnyRef<'_>) {
        match name.tag() {
            Tag::ContextSpecific { number, .. } if number.0 == DNS_NAME => {
                self.dns.push(printable_ascii(name.value()));
            }
            Tag::ContextSpecific { number, .. } if number.0 == IP_ADDRESS => {
                self.ip_addresses.push(name.value().to_vec());
            }
            _ => {}
        }
    }
}

const DNS_NAME: u32 = 2;
const IP_ADDRESS: u32 = 7;
