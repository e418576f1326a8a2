//! What a block or a DER element is, whatever field it was put in.

use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

use crate::{
    KeyForm,
    cursor::{BIT_STRING, Cursor, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE},
};

/// What people upload, rightly or wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Certificate,
    CertificateRequest,
    CertificateRevocationList,
    DhParameters,
    EncryptedKey,
    KeyParameters,
    OpensshKey,
    Pkcs12,
    Pkcs7,
    PrivateKey(KeyForm),
    PublicKey,
    Unknown,
}

impl Kind {
    /// What a PEM label promises.
    pub(crate) fn of_label(label: &str) -> Self {
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Self::CertificateRequest,
            "DH PARAMETERS" | "X9.42 DH PARAMETERS" => Self::DhParameters,
            "DSA PARAMETERS" | "EC PARAMETERS" => Self::KeyParameters,
            "EC PRIVATE KEY" => Self::PrivateKey(KeyForm::Sec1),
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedKey,
            "OPENSSH PRIVATE KEY" | "SSH2 ENCRYPTED PRIVATE KEY" => Self::OpensshKey,
            "PKCS12" => Self::Pkcs12,
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => Self::Pkcs7,
            "PRIVATE KEY" => Self::PrivateKey(KeyForm::Pkcs8),
            "PUBLIC KEY" | "RSA PUBLIC KEY" | "EC PUBLIC KEY" => Self::PublicKey,
            "RSA PRIVATE KEY" => Self::PrivateKey(KeyForm::Pkcs1),
            "X509 CRL" => Self::CertificateRevocationList,
            _ if label.ends_with("PRIVATE KEY") => Self::PrivateKey(KeyForm::Pkcs8),
            _ => Self::Unknown,
        }
    }

    /// What a DER element looks like, from the tags of its first parts.
    pub(crate) fn of_der(der: &[u8]) -> Self {
        if der.starts_with(PKCS12_IN_BER) {
            return Self::Pkcs12;
        }
        let Ok(tags) = tags_within(der) else {
            return Self::Unknown;
        };
        let inner = first_part(der).and_then(tags_within).unwrap_or_default();
        match (tags.as_slice(), inner.as_slice()) {
            ([INTEGER, SEQUENCE, OCTET_STRING, ..], _) => Self::PrivateKey(KeyForm::Pkcs8),
            ([INTEGER, INTEGER, INTEGER, ..], _) => Self::PrivateKey(KeyForm::Pkcs1),
            ([INTEGER, OCTET_STRING, ..], _) => Self::PrivateKey(KeyForm::Sec1),
            ([INTEGER, INTEGER], _) | ([SEQUENCE, BIT_STRING], [OBJECT_IDENTIFIER, ..]) => Self::PublicKey,
            ([INTEGER, SEQUENCE, ..], _) => Self::Pkcs12,
            ([OBJECT_IDENTIFIER, EXPLICIT_0], _) => Self::Pkcs7,
            ([SEQUENCE, OCTET_STRING], _) => Self::EncryptedKey,
            (
                [SEQUENCE, SEQUENCE, BIT_STRING],
                [EXPLICIT_0, ..] | [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, ..],
            ) => Self::Certificate,
            ([SEQUENCE, SEQUENCE, BIT_STRING], [INTEGER, SEQUENCE, SEQUENCE, EXPLICIT_0, ..]) => {
                Self::CertificateRequest
            }
            ([SEQUENCE, SEQUENCE, BIT_STRING], [..]) => Self::CertificateRevocationList,
            _ => Self::Unknown,
        }
    }
}

/// Whether DER starts as a certificate of version 3 does, and nothing else that is known here: a shorter look than
/// [`Kind::of_der`] for what nearly all of it is.
pub(crate) fn starts_as_certificate(der: &[u8]) -> bool {
    let signed = Cursor::new(der).enter(SEQUENCE).and_then(|mut certificate| certificate.enter(SEQUENCE));
    signed.is_ok_and(|signed| signed.next_is_context(0))
}

/// The start of a PKCS #12 file of version 3 without lengths, as browsers write it.
const PKCS12_IN_BER: &[u8] = &[0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80];
const EXPLICIT_0: u8 = 0xa0;

/// The tags of the first parts of a sequence: enough to tell everything above apart.
fn tags_within(sequence: &[u8]) -> der::Result<Tags> {
    let mut tags = Tags::default();
    let mut parts = parts_of(sequence)?;
    while tags.count < tags.first.len() && !parts.is_finished() {
        tags.first[tags.count] = parts.element()?.tag;
        tags.count += 1;
    }
    Ok(tags)
}

#[derive(Default)]
struct Tags {
    first: [u8; 4],
    count: usize,
}

impl Tags {
    fn as_slice(&self) -> &[u8] {
        &self.first[..self.count]
    }
}

fn first_part(sequence: &[u8]) -> der::Result<&[u8]> {
    Ok(parts_of(sequence)?.element()?.whole.of(sequence))
}

/// What stands behind the header of a sequence, whether or not it is all there.
fn parts_of(sequence: &[u8]) -> der::Result<Cursor<'_>> {
    let mut whole = Cursor::new(sequence);
    if let Ok(parts) = whole.enter(SEQUENCE)
        && whole.is_finished()
    {
        return Ok(parts);
    }
    let mut reader = SliceReader::new(sequence)?;
    Header::decode(&mut reader)?.tag().assert_eq(Tag::Sequence)?;
    Ok(Cursor::starting_at(sequence, reader.position()))
}
