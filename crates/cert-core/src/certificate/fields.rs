//! One pass over the DER of a certificate.

use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

use super::{date, error::CertificateError, extensions::Extensions, oid, subject_alt_names::SubjectAltNames};
use crate::{
    Timestamp, caps,
    cursor::{BIT_STRING, Cursor, INTEGER, SEQUENCE, Span},
    public_key::SubjectPublicKeyInfo,
};

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
        let mut certificate = outer(der)?;
        let tbs = certificate.clone().element()?.whole;
        let mut fields = Self::read_tbs(certificate.enter(SEQUENCE)?, der)?;
        fields.tbs = tbs;
        fields.signature_algorithm = certificate.value(SEQUENCE)?;
        // A bit string without unused bits.
        fields.signature = certificate.value(BIT_STRING)?.behind(1);
        certificate.finish()?;
        Ok(fields)
    }

    /// `TBSCertificate`, in its order.
    fn read_tbs(mut tbs: Cursor<'_>, der: &[u8]) -> Result<Self, CertificateError> {
        let version = read_version(&mut tbs)?;
        let serial = tbs.value(INTEGER)?;
        tbs.element()?;
        let issuer = tbs.element()?.whole;
        let mut validity = tbs.enter(SEQUENCE)?;
        let (not_before, not_after) = (date::read(&mut validity, der)?, date::read(&mut validity, der)?);
        validity.finish()?;
        let subject = tbs.element()?.whole;
        let spki = tbs.element()?.whole;
        skip_unique_ids(&mut tbs)?;
        let extensions = read_extensions(&mut tbs, der)?;
        let subject_alt_names = match extensions.find(oid::SUBJECT_ALT_NAME, der) {
            Some(bytes) => SubjectAltNames::read(bytes)?,
            None => SubjectAltNames::default(),
        };
        let public_key = SubjectPublicKeyInfo::read(spki.of(der)).map_err(CertificateError::from);
        let fields = Self {
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
        };
        tbs.finish()?;
        Ok(fields)
    }
}

/// What the outer sequence holds, behind which nothing may stand.
fn outer(der: &[u8]) -> Result<Cursor<'_>, CertificateError> {
    let mut cursor = Cursor::new(der);
    match cursor.enter(SEQUENCE) {
        Ok(certificate) if cursor.is_finished() => Ok(certificate),
        outcome => {
            check_outer_length(der)?;
            Ok(outcome?)
        }
    }
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
fn read_version(tbs: &mut Cursor<'_>) -> der::Result<u8> {
    if !tbs.next_is_context(0) {
        return Ok(0);
    }
    let mut explicit = tbs.enter_any()?;
    let version = explicit.small_integer()?;
    explicit.finish()?;
    Ok(version)
}

/// `issuerUniqueID` and `subjectUniqueID`, which nobody uses.
fn skip_unique_ids(tbs: &mut Cursor<'_>) -> der::Result<()> {
    for number in [1, 2] {
        if tbs.next_is_context(number) {
            tbs.element()?;
        }
    }
    Ok(())
}

/// `[3] EXPLICIT Extensions OPTIONAL`.
fn read_extensions(tbs: &mut Cursor<'_>, der: &[u8]) -> Result<Extensions, CertificateError> {
    if !tbs.next_is_context(3) {
        return Ok(Extensions::default());
    }
    let mut explicit = tbs.enter_any()?;
    let extensions = Extensions::read(explicit.enter(SEQUENCE)?, der)?;
    explicit.finish()?;
    Ok(extensions)
}
