//! Subject alternative names (RFC 5280 section 4.2.1.6).

use super::{distinguished_name::printable_ascii, error::CertificateError};
use crate::{
    caps,
    cursor::{Cursor, SEQUENCE, is_context},
};

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
        let mut extension = Cursor::new(value);
        let mut list = extension.enter(SEQUENCE)?;
        while !list.is_finished() {
            names.count += 1;
            if names.count > caps::MAX_SUBJECT_ALT_NAMES {
                return Err(CertificateError::TooManyNames { max: caps::MAX_SUBJECT_ALT_NAMES });
            }
            let name = list.element()?;
            names.push(name.tag, name.value.of(value));
        }
        extension.finish()?;
        Ok(names)
    }

    fn push(&mut self, tag: u8, name: &[u8]) {
        if is_context(tag, DNS_NAME) {
            self.dns.push(printable_ascii(name));
        } else if is_context(tag, IP_ADDRESS) {
            self.ip_addresses.push(name.to_vec());
        }
    }
}

const DNS_NAME: u8 = 2;
const IP_ADDRESS: u8 = 7;
