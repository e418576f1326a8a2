//! The extensions of a certificate (RFC 5280 section 4.2).

use der::{Decode as _, Reader as _, SliceReader, Tag, asn1::BitStringRef};

use super::{
    error::CertificateError,
    oid,
    reader::{Span, value},
};
use crate::caps;

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
    /// The object identifiers of the extended key usage, where there is one.
    pub(crate) purposes: Option<Vec<Span>>,
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
    /// Reads the `SEQUENCE OF Extension`.
    pub(super) fn read(reader: &mut SliceReader<'_>, der: &[u8]) -> Result<Self, CertificateError> {
        let mut extensions = Self::default();
        reader.sequence(|list| {
            while !list.is_finished() {
                if extensions.all.len() == caps::MAX_EXTENSIONS {
                    return Err(CertificateError::TooManyExtensions { max: caps::MAX_EXTENSIONS });
                }
                extensions.all.push(list.sequence(read_extension)?);
            }
            Ok(())
        })?;
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
            let at = extension.value;
            match extension.oid.of(der) {
                oid::BASIC_CONSTRAINTS => {
                    self.basic_constraints = Some(within(at, read_basic_constraints(at.of(der)))?)
                }
                oid::KEY_USAGE => self.key_usage = Some(within(at, read_key_usage(at.of(der)))?),
                oid::EXTENDED_KEY_USAGE => self.purposes = Some(read_purposes(at, der)?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Counts an error's offset from the start of the certificate.
fn within<T>(span: Span, result: der::Result<T>) -> Result<T, CertificateError> {
    result.map_err(|error| CertificateError::from(error).at(span.start()))
}

fn read_extension(reader: &mut SliceReader<'_>) -> Result<Extension, CertificateError> {
    let oid = value(reader, Tag::ObjectIdentifier)?;
    let critical = reader.decode::<Option<bool>>()?.unwrap_or(false);
    Ok(Extension { oid, critical, value: value(reader, Tag::OctetString)? })
}

fn read_basic_constraints(bytes: &[u8]) -> der::Result<BasicConstraints> {
    let mut reader = SliceReader::new(bytes)?;
    let constraints = reader.sequence(|fields| {
        let ca = fields.decode::<Option<bool>>()?.unwrap_or(false);
        Ok::<_, der::Error>(BasicConstraints { ca, path_len: fields.decode::<Option<u32>>()? })
    })?;
    reader.finish()?;
    Ok(constraints)
}

fn read_key_usage(bytes: &[u8]) -> der::Result<KeyUsage> {
    let bits = BitStringRef::from_der(bytes)?;
    let raw = bits.raw_bytes();
    let byte = |index: usize| raw.get(index).copied().unwrap_or(0);
    Ok(KeyUsage(u16::from_be_bytes([byte(0), byte(1)])))
}

fn read_purposes(at: Span, der: &[u8]) -> Result<Vec<Span>, CertificateError> {
    let mut purposes = Vec::new();
    // The reader starts at the certificate's first byte, so that the spans count from there.
    let mut reader = SliceReader::new(&der[..at.start() + at.of(der).len()])?;
    reader.read_slice(der::Length::try_from(at.start())?)?;
    reader.sequence(|list| {
        while !list.is_finished() {
            if purposes.len() == caps::MAX_PURPOSES {
                return Err(CertificateError::TooManyPurposes { max: caps::MAX_PURPOSES });
            }
            purposes.push(value(list, Tag::ObjectIdentifier)?);
        }
        Ok(())
    })?;
    reader.finish()?;
    Ok(purposes)
}
