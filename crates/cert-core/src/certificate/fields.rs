//! One pass over the DER of a certificate.

use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

use super::{
    date,
    error::CertificateError,
    extensions::Extensions,
    oid,
    reader::{Span, element, next_is_context, value},
    subject_alt_names::SubjectAltNames,
};
use crate::{Timestamp, caps, public_key::SubjectPublicKeyInfo};

/// Where the fields of RFC 5280 section 4.1 stand, and those that every verdict needs.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    /// 0 for v1, 2 for v3.
    pub(crate) version: u8,
    /// The signed part: all of `TBSCertificate`.
    pub(crate) tbs: Span,
    /// The content of `signatureAlgorithm`.
    pub(crate) signature_algorithm: Span,
    pub(crate) signature: Span,
    pub(crate) serial: Span,
    pub(crate) issuer: Span,
    pub(crate) subject: Span,
    pub(crate) spki: Span,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) public_key: SubjectPublicKeyInfo,
    pub(crate) extensions: Extensions,
    pub(crate) subject_alt_names: SubjectAltNames,
}

impl Fields {
    pub(super) fn read(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > caps::MAX_CERTIFICATE {
            return Err(CertificateError::TooLarge { len: der.len(), max: caps::MAX_CERTIFICATE });
        }
        check_outer_length(der)?;
        let mut reader = SliceReader::new(der)?;
        let fields = reader.sequence(|certificate| {
            let mut from_tbs = certificate.clone();
            let mut fields = certificate.sequence(|tbs| Self::read_tbs(tbs, der))?;
            fields.tbs = element(&mut from_tbs)?;
            fields.signature_algorithm = value(certificate, Tag::Sequence)?;
            fields.signature = read_signature(certificate)?;
            Ok::<_, CertificateError>(fields)
        })?;
        reader.finish()?;
        Ok(fields)
    }

    /// `TBSCertificate`, in its order.
    fn read_tbs(tbs: &mut SliceReader<'_>, der: &[u8]) -> Result<Self, CertificateError> {
        let version = read_version(tbs)?;
        let serial = value(tbs, Tag::Integer)?;
        element(tbs)?;
        let issuer = element(tbs)?;
        let (not_before, not_after) =
            tbs.sequence(|validity| Ok::<_, der::Error>((date::read(validity)?, date::read(validity)?)))?;
        let subject = element(tbs)?;
        let spki = element(tbs)?;
        skip_unique_ids(tbs)?;
        let extensions = read_extensions(tbs, der)?;
        let subject_alt_names = match extensions.find(oid::SUBJECT_ALT_NAME, der) {
            Some(bytes) => SubjectAltNames::read(bytes)?,
            None => SubjectAltNames::default(),
        };
        let public_key = SubjectPublicKeyInfo::read(spki.of(der)).map_err(CertificateError::from);
        Ok(Self {
            version,
            tbs: Span::default(),
            signature_algorithm: Span::default(),
            signature: Span::default(),
            serial,
            issuer,
            subject,
            spki,
            not_before: not_before.map_err(CertificateError::BadDate)?,
            not_after: not_after.map_err(CertificateError::BadDate)?,
            public_key: public_key.map_err(|error| error.at(spki.start()))?,
            extensions,
            subject_alt_names,
        })
    }
}

/// The octets of the signature, which is a bit string without unused bits.
fn read_signature(certificate: &mut SliceReader<'_>) -> Result<Span, CertificateError> {
    let bits = value(certificate, Tag::BitString)?;
    Ok(bits.behind(1))
}

/// Tells a certificate that was cut off, or that has something behind it, from one that is malformed inside.
fn check_outer_length(der: &[u8]) -> Result<(), CertificateError> {
    let mut reader = SliceReader::new(der)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(Tag::Sequence).map_err(CertificateError::from)?;
    let expected = u32::from(reader.position()) as usize + u32::from(header.length()) as usize;
    match expected.cmp(&der.len()) {
        core::cmp::Ordering::Equal => Ok(()),
        core::cmp::Ordering::Greater => Err(CertificateError::Truncated { expected, actual: der.len() }),
        core::cmp::Ordering::Less => Err(CertificateError::TrailingData { len: der.len() - expected }),
    }
}

/// `[0] EXPLICIT Version DEFAULT v1`.
fn read_version(tbs: &mut SliceReader<'_>) -> Result<u8, CertificateError> {
    if !next_is_context(tbs, 0) {
        return Ok(0);
    }
    let header = Header::decode(tbs)?;
    Ok(tbs.read_nested(header.length(), |version| version.decode::<u8>())?)
}

/// `issuerUniqueID` and `subjectUniqueID`, which nobody uses.
fn skip_unique_ids(tbs: &mut SliceReader<'_>) -> Result<(), CertificateError> {
    for number in [1, 2] {
        if next_is_context(tbs, number) {
            element(tbs)?;
        }
    }
    Ok(())
}

/// `[3] EXPLICIT Extensions OPTIONAL`.
fn read_extensions(tbs: &mut SliceReader<'_>, der: &[u8]) -> Result<Extensions, CertificateError> {
    if !next_is_context(tbs, 3) {
        return Ok(Extensions::default());
    }
    let header = Header::decode(tbs)?;
    tbs.read_nested(header.length(), |extensions| Extensions::read(extensions, der))
}
