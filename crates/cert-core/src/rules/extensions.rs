//! Rules on extensions as such, and on serial numbers.

use der::asn1::ObjectIdentifier;

use super::{Breach, Breaches, Subject};
use crate::{Certificate, certificate::oid, cursor::Cursor};

pub(super) fn check<'a>(subject: &Subject<'a>, found: &mut Breaches<'a>) {
    for certificate in subject.certificates() {
        found.push_if(!is_serial_number(certificate.serial()), Breach::SerialNumber, certificate);
        if let Some(oid) = malformed(certificate) {
            found.push(Breach::ExtensionMalformed { oid: dotted(oid) }, certificate);
        }
    }
    // The leaf was looked at before its path was.
    for issuer in subject.intermediates() {
        if let Some(oid) = duplicate(issuer) {
            found.push(Breach::DuplicateExtension { oid: dotted(oid) }, issuer);
        }
    }
}

/// Positive, at most 20 octets.
fn is_serial_number(content: &[u8]) -> bool {
    let negative = content.first().is_none_or(|first| first & 0x80 != 0);
    let zero = content.iter().all(|&octet| octet == 0);
    // A leading zero octet only keeps the number positive.
    let digits = content.strip_prefix(&[0]).unwrap_or(content);
    !negative && !zero && digits.len() <= 20
}

/// An extension that nothing in path validation reads, and whose value is not even one DER element.
fn malformed(certificate: &Certificate) -> Option<&'static [u8]> {
    let read_by_people =
        [oid::AUTHORITY_INFORMATION_ACCESS, oid::AUTHORITY_KEY_IDENTIFIER, oid::SUBJECT_KEY_IDENTIFIER];
    read_by_people.into_iter().find(|oid| certificate.extension(oid).is_some_and(|value| !is_element(value)))
}

fn is_element(value: &[u8]) -> bool {
    let mut cursor = Cursor::new(value);
    cursor.element().is_ok() && cursor.is_finished()
}

/// The object identifier of an extension that stands twice.
pub(super) fn duplicate(certificate: &Certificate) -> Option<&[u8]> {
    let ids = || certificate.extension_ids();
    let stands_before = |index: usize, id: &[u8]| ids().take(index).any(|earlier| earlier == id);
    ids().enumerate().filter(|(index, id)| stands_before(*index, id)).map(|(_, id)| id).min()
}

/// An object identifier for people. What is none, or is longer than any, is cut.
pub(super) fn dotted(content: &[u8]) -> String {
    const SHOWN: usize = 40;
    match ObjectIdentifier::from_bytes(content) {
        Ok(oid) => oid.to_string(),
        Err(_) => format!("{:02x?}", &content[..content.len().min(SHOWN)]),
    }
}
