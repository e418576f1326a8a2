//! Rules on key identifiers: which key signed, and which key this is.

use super::{Breach, Breaches, Subject};
use crate::{
    Certificate,
    certificate::oid,
    cursor::{Cursor, OCTET_STRING, SEQUENCE, is_context},
};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    for certificate in subject.certificates() {
        found.push_if(
            certificate.is_critical(oid::AUTHORITY_KEY_IDENTIFIER),
            Breach::AkiCritical,
            certificate,
        );
        found.push_if(certificate.is_critical(oid::SUBJECT_KEY_IDENTIFIER), Breach::SkiCritical, certificate);
        match AuthorityKeyId::of(certificate) {
            None => found.push_if(!certificate.is_self_issued(), Breach::AkiMissing, certificate),
            Some(id) => found.push_if(!id.names_only_a_key(), Breach::AkiForm, certificate),
        }
    }
    for issuer in subject.intermediates() {
        let missing = issuer.extension(oid::SUBJECT_KEY_IDENTIFIER).is_none();
        found.push_if(missing, Breach::SkiMissing, issuer);
    }
}

/// RFC 5280 section 4.2.1.1.
#[derive(Default)]
pub(crate) struct AuthorityKeyId<'a> {
    pub(crate) key_id: Option<&'a [u8]>,
    names_issuer: bool,
}

impl<'a> AuthorityKeyId<'a> {
    /// Reads the extension, where there is one. One that does not decode has no key identifier.
    pub(crate) fn of(certificate: &'a Certificate) -> Option<Self> {
        let value = certificate.extension(oid::AUTHORITY_KEY_IDENTIFIER)?;
        Some(Self::read(value).unwrap_or_default())
    }

    pub(super) const fn names_only_a_key(&self) -> bool {
        self.key_id.is_some() && !self.names_issuer
    }

    fn read(value: &'a [u8]) -> der::Result<Self> {
        let mut id = Self::default();
        let mut fields = Cursor::new(value).enter(SEQUENCE)?;
        while !fields.is_finished() {
            let field = fields.element()?;
            if is_context(field.tag, 0) {
                id.key_id = Some(field.value.of(value));
            } else {
                id.names_issuer = true;
            }
        }
        Ok(id)
    }
}

/// The subject key identifier (RFC 5280 section 4.2.1.2).
pub(super) fn subject_key_id(certificate: &Certificate) -> Option<&[u8]> {
    let value = certificate.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
    let mut extension = Cursor::new(value);
    let id = extension.value(OCTET_STRING).ok()?;
    extension.is_finished().then(|| id.of(value))
}
