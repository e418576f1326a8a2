//! The extensions of a certificate (RFC 5280 section 4.2).

use super::{error::CertificateError, oid};
use crate::{
    caps,
    cursor::{Cursor, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Span},
};

/// One extension as it stands in the DER.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension {
    /// The content octets of the object identifier.
    pub(crate) oid: Span,
    pub(crate) critical: bool,
    /// What the octet string holds.
    pub(crate) value: Span,
}

/// All extensions, and those of them that every verdict needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) all: Vec<Extension>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    /// The list of the extended key usage, where there is one.
    pub(crate) purposes: Option<Span>,
}

/// RFC 5280 section 4.2.1.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_len: Option<u32>,
}

/// RFC 5280 section 4.2.1.3: bit 0 is the most significant of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(u16);

impl KeyUsage {
    pub(crate) const DIGITAL_SIGNATURE: u32 = 0;
    pub(crate) const KEY_ENCIPHERMENT: u32 = 2;
    pub(crate) const KEY_AGREEMENT: u32 = 4;
    pub(crate) const KEY_CERT_SIGN: u32 = 5;

    pub(crate) const fn has(self, bit: u32) -> bool {
        self.0 & (0x8000 >> bit) != 0
    }
}

impl Extensions {
    /// Reads the content of the `SEQUENCE OF Extension`.
    pub(super) fn read(mut list: Cursor<'_>, der: &[u8]) -> Result<Self, CertificateError> {
        let mut extensions = Self { all: Vec::with_capacity(USUAL_EXTENSIONS), ..Self::default() };
        while !list.is_finished() {
            if extensions.all.len() == caps::MAX_EXTENSIONS {
                return Err(CertificateError::TooManyExtensions { max: caps::MAX_EXTENSIONS });
            }
            extensions.all.push(read_extension(list.enter(SEQUENCE)?)?);
        }
        extensions.read_values(der)?;
        Ok(extensions)
    }

    /// The value of the first extension with this object identifier.
    pub(crate) fn find<'d>(&self, oid: &[u8], der: &'d [u8]) -> Option<&'d [u8]> {
        self.all
            .iter()
            .find(|extension| extension.oid.of(der) == oid)
            .map(|extension| extension.value.of(der))
    }

    fn read_values(&mut self, der: &[u8]) -> Result<(), CertificateError> {
        for extension in &self.all {
            let value = Cursor::within(der, extension.value);
            match extension.oid.of(der) {
                oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(read_basic_constraints(value)?),
                oid::KEY_USAGE => self.key_usage = Some(read_key_usage(value)?),
                oid::EXTENDED_KEY_USAGE => self.purposes = Some(read_purposes(value)?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// What most certificates do not exceed.
const USUAL_EXTENSIONS: usize = 12;

fn read_extension(mut fields: Cursor<'_>) -> der::Result<Extension> {
    let oid = fields.value(OBJECT_IDENTIFIER)?;
    let critical = fields.flag()?;
    let value = fields.value(OCTET_STRING)?;
    fields.finish()?;
    Ok(Extension { oid, critical, value })
}

fn read_basic_constraints(mut value: Cursor<'_>) -> der::Result<BasicConstraints> {
    let mut fields = value.enter(SEQUENCE)?;
    let ca = fields.flag()?;
    let path_len = if fields.is_finished() { None } else { Some(fields.decode()?) };
    fields.finish()?;
    value.finish()?;
    Ok(BasicConstraints { ca, path_len })
}

fn read_key_usage(mut value: Cursor<'_>) -> der::Result<KeyUsage> {
    let (octets, _) = value.bit_string()?;
    value.finish()?;
    let byte = |index: usize| octets.get(index).copied().unwrap_or(0);
    Ok(KeyUsage(u16::from_be_bytes([byte(0), byte(1)])))
}

fn read_purposes(mut value: Cursor<'_>) -> Result<Span, CertificateError> {
    let span = value.clone().value(SEQUENCE)?;
    let mut list = value.enter(SEQUENCE)?;
    let mut count = 0;
    while !list.is_finished() {
        if count == caps::MAX_PURPOSES {
            return Err(CertificateError::TooManyPurposes { max: caps::MAX_PURPOSES });
        }
        list.value(OBJECT_IDENTIFIER)?;
        count += 1;
    }
    value.finish()?;
    Ok(span)
}
