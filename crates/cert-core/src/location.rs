//! Where in an upload something was found.

use crate::Fingerprint;

/// The part of an upload that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Field {
    /// The certificate chain.
    Chain,
    /// The private key.
    Key,
    /// A PKCS #12 file, which holds both.
    Pkcs12,
}

/// Where a finding is: the field, and within it the certificate or the line, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Location {
    field: Field,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    certificate: Option<CertificateRef>,
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    line: Option<usize>,
}

impl Location {
    /// The chain as a whole.
    pub(crate) const CHAIN: Self = Self { field: Field::Chain, certificate: None, line: None };
    /// A PKCS #12 file.
    pub(crate) const PKCS12: Self = Self { field: Field::Pkcs12, certificate: None, line: None };
    /// The key.
    pub(crate) const KEY: Self = Self { field: Field::Key, certificate: None, line: None };

    /// A line of a field, counted from 1; `None` for the field as a whole.
    pub(crate) const fn line_of(field: Field, line: Option<usize>) -> Self {
        Self { field, certificate: None, line }
    }

    pub(crate) const fn certificate_of_chain(certificate: CertificateRef, line: Option<usize>) -> Self {
        Self { field: Field::Chain, certificate: Some(certificate), line }
    }

    /// Chain, key, or the file that holds both.
    pub const fn field(&self) -> Field {
        self.field
    }

    /// The certificate, where it is about one.
    pub const fn certificate(&self) -> Option<&CertificateRef> {
        self.certificate.as_ref()
    }

    /// The line of the field's text, counted from 1, where it is known. For a certificate: its BEGIN line.
    pub const fn line(&self) -> Option<usize> {
        self.line
    }
}

/// A certificate of the uploaded chain, as a finding names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CertificateRef {
    pub(crate) position: usize,
    pub(crate) name: String,
    pub(crate) fingerprint: Option<Fingerprint>,
}

impl CertificateRef {
    /// Its place in the uploaded text, counted from 1.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// What people call it: the subject's common name, else its first DNS name, else its subject. Empty where it
    /// does not decode.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of its DER, where it is known.
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }
}
