//! A certificate: its DER, and the fields of RFC 5280 section 4.1 that this crate uses.

mod date;
mod distinguished_name;
mod error;
mod extensions;
mod fields;
pub(crate) mod oid;
mod subject_alt_names;

use core::fmt;
use std::sync::OnceLock;

use pki_types::CertificateDer;

use self::{distinguished_name::DistinguishedName, fields::Fields};
pub(crate) use self::{error::CertificateError, extensions::KeyUsage};
use crate::{
    CertificateRef, DnsName, Fingerprint, KeyType, Location, Timestamp, cursor::Cursor,
    public_key::SubjectPublicKeyInfo,
};

/// A decoded certificate. It keeps the DER that it was read from and never changes it.
///
/// Decoding reads the certificate once and borrows; nothing is known yet of signatures, trust or rules.
#[derive(Clone)]
pub struct Certificate {
    der: CertificateDer<'static>,
    fields: Fields,
    position: usize,
    line: Option<usize>,
    /// These two are made where they are asked for, and only once: each finding about the certificate asks.
    fingerprint: OnceLock<Fingerprint>,
    display_name: OnceLock<String>,
}

impl Certificate {
    /// Reads the certificate at `position` (from 1) of a chain, whose text began on `line`.
    pub(crate) fn decode(
        der: Vec<u8>,
        position: usize,
        line: Option<usize>,
    ) -> Result<Self, CertificateError> {
        let fields = Fields::read(&der)?;
        Ok(Self {
            der: der.into(),
            fields,
            position,
            line,
            fingerprint: OnceLock::new(),
            display_name: OnceLock::new(),
        })
    }

    /// The DER, as uploaded.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) const fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        *self.fingerprint.get_or_init(|| Fingerprint::of(&self.der))
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`.
    pub fn spki_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.spki_der())
    }

    /// The serial number's content octets, big-endian, as encoded.
    pub fn serial(&self) -> &[u8] {
        self.fields.serial.of(&self.der)
    }

    /// The DER of the issuer's name.
    pub fn issuer_der(&self) -> &[u8] {
        self.fields.issuer.of(&self.der)
    }

    /// The DER of the subject's name.
    pub fn subject_der(&self) -> &[u8] {
        self.fields.subject.of(&self.der)
    }

    /// The issuer's name for people: `C=US, O=Let's Encrypt, CN=R13`.
    pub fn issuer(&self) -> String {
        DistinguishedName::new(self.issuer_der()).to_string()
    }

    /// The issuer's common name, else its whole name.
    pub fn issuer_name(&self) -> String {
        DistinguishedName::new(self.issuer_der()).common_name().unwrap_or_else(|| self.issuer())
    }

    /// The subject's name for people, as [`issuer`](Self::issuer). Empty for an empty name.
    pub fn subject(&self) -> String {
        DistinguishedName::new(self.subject_der()).to_string()
    }

    /// The subject's first common name.
    pub fn common_name(&self) -> Option<String> {
        DistinguishedName::new(self.subject_der()).common_name()
    }

    /// What people call it: the common name, else the first DNS name, else the subject.
    pub fn display_name(&self) -> String {
        let name = || self.common_name().or_else(|| self.dns_names().first().cloned());
        self.display_name.get_or_init(|| name().unwrap_or_else(|| self.subject())).clone()
    }

    /// The first instant of its validity.
    pub const fn not_before(&self) -> Timestamp {
        self.fields.not_before
    }

    /// The last instant of its validity.
    pub const fn not_after(&self) -> Timestamp {
        self.fields.not_after
    }

    /// The DNS names of its subject alternative names: their text, in their order.
    pub fn dns_names(&self) -> &[String] {
        &self.fields.subject_alt_names.dns
    }

    /// The valid [`DnsName`]s among [`dns_names`](Self::dns_names): the names that it can be bound to.
    pub fn cover_names(&self) -> Vec<DnsName> {
        let ascii = self.dns_names().iter().filter(|text| text.is_ascii());
        ascii.filter_map(|text| DnsName::parse(text).ok()).collect()
    }

    /// The type of its public key, or `None` for one that is not supported.
    pub fn key_type(&self) -> Option<KeyType> {
        self.fields.public_key.key_type().ok()
    }

    /// The DER of its `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> &[u8] {
        self.fields.spki.of(&self.der)
    }

    /// Its place in the uploaded chain, counted from 1.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Whether issuer and subject are the same name (RFC 5280 section 6.1: self-issued).
    pub fn is_self_issued(&self) -> bool {
        self.issuer_der() == self.subject_der()
    }

    /// Whether its basic constraints say that it is a CA.
    pub fn is_ca(&self) -> bool {
        self.fields.extensions.basic_constraints.is_some_and(|constraints| constraints.ca)
    }

    /// The `iPAddress`es of its subject alternative names: 4 or 16 octets each where they are right.
    pub fn ip_addresses(&self) -> &[Vec<u8>] {
        &self.fields.subject_alt_names.ip_addresses
    }

    /// The DER that is signed.
    pub(crate) fn signed_part(&self) -> &[u8] {
        self.fields.tbs.of(&self.der)
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.fields.signature.of(&self.der)
    }

    /// The content of the signature's algorithm identifier.
    pub(crate) fn signature_algorithm(&self) -> &[u8] {
        self.fields.signature_algorithm.of(&self.der)
    }

    /// The value of an extension, given the content octets of its object identifier.
    pub(crate) fn extension(&self, oid: &[u8]) -> Option<&[u8]> {
        self.fields.extensions.find(oid, &self.der)
    }

    /// The object identifiers of its extensions, content octets each.
    pub(crate) fn extension_ids(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.extensions.all.iter().map(|extension| extension.oid.of(&self.der))
    }

    pub(crate) fn critical_extension_ids(&self) -> impl Iterator<Item = &[u8]> {
        let critical = self.fields.extensions.all.iter().filter(|extension| extension.critical);
        critical.map(|extension| extension.oid.of(&self.der))
    }

    /// Whether it has this extension and it is critical.
    pub(crate) fn is_critical(&self, oid: &[u8]) -> bool {
        self.critical_extension_ids().any(|id| id == oid)
    }

    pub(crate) const fn key_usage(&self) -> Option<KeyUsage> {
        self.fields.extensions.key_usage
    }

    /// The purposes of its extended key usage, content octets each.
    pub(crate) fn purposes(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let mut list = Cursor::within(&self.der, self.fields.extensions.purposes?);
        // It was read to its end when the certificate was decoded.
        Some(core::iter::from_fn(move || {
            if list.is_finished() {
                None
            } else {
                list.element().ok().map(|purpose| purpose.value.of(&self.der))
            }
        }))
    }

    /// Every common name of the subject, made printable.
    pub(crate) fn common_names(&self) -> Vec<String> {
        DistinguishedName::new(self.subject_der()).common_names()
    }

    /// Whether the subject is a sequence of nothing.
    pub(crate) fn has_empty_subject(&self) -> bool {
        self.subject_der() == [0x30, 0x00]
    }

    pub(crate) const fn fields(&self) -> &Fields {
        &self.fields
    }

    pub(crate) const fn public_key(&self) -> &SubjectPublicKeyInfo {
        &self.fields.public_key
    }

    /// Where a finding about this certificate points to.
    pub(crate) fn location(&self) -> Location {
        let reference = CertificateRef {
            position: self.position,
            name: self.display_name(),
            fingerprint: Some(self.fingerprint()),
        };
        Location::certificate_of_chain(reference, self.line)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("position", &self.position)
            .field("subject", &self.subject())
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}
