//! From uploaded bytes to decoded certificates and a decoded key: what stands in which field, and what is wrong there.

mod encrypted;
mod error;

use der::{Decode as _, asn1::ObjectIdentifier};
use zeroize::Zeroizing;

pub use self::error::{DecodeError, DerivationCost, KeyError, KeyMismatch, Unexpected};

use crate::{
    Certificate, CertificateRef, Field, Location, Passphrase, PrivateKey, caps,
    certificate::CertificateError,
    pem::{self, PemBlock, PemError},
    private_key::PrivateKeyError,
    recognize::{Kind, starts_as_certificate},
};

/// An error and where it is, before it becomes a finding. Boxed, so that results stay small.
#[derive(Debug)]
pub(crate) struct Failure(Box<(FailureCause, Location)>);

#[derive(Debug)]
pub(crate) enum FailureCause {
    Decode(DecodeError),
    Key(KeyError),
}

impl Failure {
    pub(crate) fn decode(error: DecodeError, location: Location) -> Self {
        Self(Box::new((FailureCause::Decode(error), location)))
    }

    pub(crate) fn key(error: KeyError, location: Location) -> Self {
        Self(Box::new((FailureCause::Key(error), location)))
    }

    pub(crate) const fn cause(&self) -> &FailureCause {
        &self.0.0
    }

    pub(crate) fn into_parts(self) -> (FailureCause, Location) {
        *self.0
    }

    fn at_line(error: DecodeError, field: Field, line: Option<usize>) -> Self {
        Self::decode(error, Location::line_of(field, line))
    }

    fn unexpected(kind: Unexpected, field: Field, line: Option<usize>) -> Self {
        Self::decode(DecodeError::Unexpected(kind), Location::line_of(field, line))
    }
}

/// The certificates of the chain's field in their order.
pub(crate) fn certificates(input: &[u8]) -> Result<Vec<Certificate>, Failure> {
    if is_der(input) {
        return der_certificates(input);
    }
    let blocks = certificate_blocks(input)?;
    blocks.iter().zip(1..).map(|(block, position)| pem_certificate(block, position)).collect()
}

/// The certificates that a PKCS #12 file holds one by one.
#[cfg(feature = "pkcs12")]
pub(crate) fn certificates_of_file(ders: Vec<Vec<u8>>) -> Result<Vec<Certificate>, Failure> {
    ders.into_iter().zip(1..).map(|(der, position)| certificate(der, position, None)).collect()
}

/// The private key that a PKCS #12 file holds.
#[cfg(feature = "pkcs12")]
pub(crate) fn key_of_file(der: Zeroizing<Vec<u8>>) -> Result<PrivateKey, Failure> {
    let key = PrivateKey::decode(der, crate::KeyForm::Pkcs8, None);
    key.map_err(|error| Failure::key(error.into(), Location::KEY))
}

/// The DER of each block of the chain's field.
pub(crate) fn certificate_ders(input: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
    let blocks = certificate_blocks(input)?;
    blocks.iter().map(|block| block.decode().map_err(|error| pem_failure(error, Field::Chain, &[]))).collect()
}

/// The blocks of the chain's field, within its cap.
fn certificate_blocks(input: &[u8]) -> Result<Vec<PemBlock<'_>>, Failure> {
    let blocks = only_certificates(input, caps::MAX_PEM_BLOCKS)?;
    if blocks.len() > caps::MAX_CERTIFICATES {
        let line = blocks.get(caps::MAX_CERTIFICATES).map(|block| block.line);
        let error = DecodeError::TooManyCertificates { max: caps::MAX_CERTIFICATES };
        return Err(Failure::at_line(error, Field::Chain, line));
    }
    Ok(blocks)
}

/// At most `max` blocks, all of which say that they are certificates.
fn only_certificates(input: &[u8], max: usize) -> Result<Vec<PemBlock<'_>>, Failure> {
    let blocks = pem::blocks(input, max).map_err(|error| pem_failure(error, Field::Chain, input))?;
    match blocks.iter().find_map(not_a_certificate) {
        Some(failure) => Err(failure),
        None => Ok(blocks),
    }
}

/// The certificates of an operator's file of trust anchors: as a chain's, however many.
pub(crate) fn anchor_certificates(input: &[u8]) -> Result<Vec<Certificate>, Failure> {
    if is_der(input) {
        return der_certificates(input);
    }
    let blocks = only_certificates(input, usize::MAX)?;
    blocks.iter().zip(1..).map(|(block, position)| pem_certificate(block, position)).collect()
}

/// The private key of the key's field, decrypted where it is encrypted.
pub(crate) fn private_key(input: &[u8], passphrase: Option<&Passphrase>) -> Result<PrivateKey, Failure> {
    if is_der(input) {
        return der_key(Zeroizing::new(input.to_vec()), None, None, passphrase);
    }
    let blocks =
        pem::blocks(input, caps::MAX_PEM_BLOCKS).map_err(|error| pem_failure(error, Field::Key, input))?;
    if let Some(failure) = blocks.iter().find_map(not_a_key) {
        return Err(failure);
    }
    let is_key = |block: &&PemBlock<'_>| Kind::of_label(block.label) != Kind::KeyParameters;
    let keys: Vec<&PemBlock<'_>> = blocks.iter().filter(is_key).collect();
    match keys.as_slice() {
        [key] if key.label == DSA_KEY => {
            let error = KeyError::Unsupported { name: "DSA".into() };
            Err(Failure::key(error, Location::line_of(Field::Key, Some(key.line))))
        }
        [key] => pem_key(key, named_curve(&blocks)?, passphrase, input),
        [] => Err(Failure::at_line(DecodeError::NoPem, Field::Key, None)),
        [_, second, ..] => Err(Failure::at_line(
            DecodeError::SeveralKeys { count: keys.len() },
            Field::Key,
            Some(second.line),
        )),
    }
}

fn pem_key(
    block: &PemBlock<'_>,
    curve: Option<ObjectIdentifier>,
    passphrase: Option<&Passphrase>,
    input: &[u8],
) -> Result<PrivateKey, Failure> {
    let line = Some(block.line);
    let decode =
        |block: &PemBlock<'_>| block.decode_secret().map_err(|error| pem_failure(error, Field::Key, input));
    let Some(encrypted) = block.encrypted() else {
        return der_key(decode(block)?, curve, line, passphrase);
    };
    let location = || Location::line_of(Field::Key, line);
    encrypted::decrypt_traditional(encrypted.dek_info, &decode(&encrypted.content)?, passphrase)
        .and_then(|bytes| encrypted::read_decrypted(bytes, curve))
        .map_err(|error| Failure::key(error, location()))
}

/// OpenSSL's own form of DSA keys, whose DER alone looks like an RSA key's.
const DSA_KEY: &str = "DSA PRIVATE KEY";

/// Whether the key's field holds certificates and no key: with a key in the chain's field, they were swapped.
pub(crate) fn holds_certificates(input: &[u8]) -> bool {
    if is_der(input) {
        return Kind::of_der(input) == Kind::Certificate;
    }
    let kinds = |blocks: Vec<PemBlock<'_>>| {
        blocks.iter().all(|block| Kind::of_label(block.label) == Kind::Certificate)
    };
    pem::blocks(input, caps::MAX_PEM_BLOCKS).is_ok_and(kinds)
}

/// Whether it is DER: a sequence with a long length, which is no text, or one of a kind that is known.
fn is_der(input: &[u8]) -> bool {
    let is_long = || input.get(1).is_some_and(|&length| length >= 0x80);
    input.first() == Some(&0x30) && (is_long() || Kind::of_der(input) != Kind::Unknown)
}

/// Splits the first DER element from what follows it.
fn split_element(input: &[u8]) -> Option<(&[u8], &[u8])> {
    use der::Reader as _;
    let mut reader = der::SliceReader::new(input).ok()?;
    let first = reader.tlv_bytes().ok()?;
    Some((first, &input[first.len()..]))
}

fn der_certificates(input: &[u8]) -> Result<Vec<Certificate>, Failure> {
    let mut certificates = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let (first, behind) = split_element(rest).unwrap_or((rest, &[]));
        if certificates.len() == caps::MAX_CERTIFICATES {
            let error = DecodeError::TooManyCertificates { max: caps::MAX_CERTIFICATES };
            return Err(Failure::at_line(error, Field::Chain, None));
        }
        match unexpected_in_chain(&Kind::of_der(first)) {
            Some(kind) => return Err(Failure::unexpected(kind, Field::Chain, None)),
            None => certificates.push(certificate(first.to_vec(), certificates.len() + 1, None)?),
        }
        rest = behind;
    }
    Ok(certificates)
}

fn pem_certificate(block: &PemBlock<'_>, position: usize) -> Result<Certificate, Failure> {
    let bytes = block.decode().map_err(|error| pem_failure(error, Field::Chain, &[]))?;
    // The label may lie: OpenSSL's tools let people rename anything.
    let kind = if starts_as_certificate(&bytes) { Kind::Certificate } else { Kind::of_der(&bytes) };
    match kind {
        Kind::Certificate | Kind::Unknown => certificate(bytes, position, Some(block.line)),
        other => Err(unexpected_in_chain(&other).map_or_else(
            || Failure::at_line(DecodeError::NoPem, Field::Chain, Some(block.line)),
            |kind| Failure::unexpected(kind, Field::Chain, Some(block.line)),
        )),
    }
}

fn certificate(bytes: Vec<u8>, position: usize, line: Option<usize>) -> Result<Certificate, Failure> {
    Certificate::decode(bytes, position, line).map_err(|error| {
        let reference = CertificateRef { position, name: String::new(), fingerprint: None };
        Failure::decode(certificate_failure(error), Location::certificate_of_chain(reference, line))
    })
}

fn certificate_failure(error: CertificateError) -> DecodeError {
    match error {
        CertificateError::BadDate(date) => {
            DecodeError::BadDate { text: date.text, without_seconds: date.without_seconds }
        }
        CertificateError::Der { offset, kind } => DecodeError::BadDer { offset, kind },
        CertificateError::TooLarge { len, max } => DecodeError::CertificateTooLarge { len, max },
        CertificateError::TooManyExtensions { max } => DecodeError::TooManyExtensions { max },
        CertificateError::TooManyNames { max } => DecodeError::TooManyNames { max },
        CertificateError::TooManyPurposes { max } => DecodeError::TooManyPurposes { max },
        CertificateError::TrailingData { len } => DecodeError::TrailingData { len },
        CertificateError::Truncated { .. } => DecodeError::Truncated,
    }
}

fn der_key(
    bytes: Zeroizing<Vec<u8>>,
    curve: Option<ObjectIdentifier>,
    line: Option<usize>,
    passphrase: Option<&Passphrase>,
) -> Result<PrivateKey, Failure> {
    // What it is decides, not what its label says.
    let key = match Kind::of_der(&bytes) {
        Kind::PrivateKey(form) => PrivateKey::decode(bytes, form, curve).map_err(KeyError::from),
        Kind::EncryptedKey => encrypted::decrypt_pkcs8(&bytes, passphrase)
            .and_then(|bytes| encrypted::read_decrypted(bytes, curve)),
        other => match unexpected_in_key(&other) {
            Some(kind) => return Err(Failure::unexpected(kind, Field::Key, line)),
            None => Err(KeyError::Invalid),
        },
    };
    key.map_err(|error| Failure::key(error, Location::line_of(Field::Key, line)))
}

impl From<PrivateKeyError> for KeyError {
    fn from(error: PrivateKeyError) -> Self {
        match error {
            PrivateKeyError::Invalid => Self::Invalid,
            PrivateKeyError::Unusable => Self::Unusable,
            PrivateKeyError::Unsupported { name } => Self::Unsupported { name },
        }
    }
}

/// The curve of an `EC PARAMETERS` block, which OpenSSL writes before a key.
fn named_curve(blocks: &[PemBlock<'_>]) -> Result<Option<ObjectIdentifier>, Failure> {
    let Some(block) = blocks.iter().find(|block| block.label == "EC PARAMETERS") else {
        return Ok(None);
    };
    let bytes = block.decode().map_err(|error| pem_failure(error, Field::Key, &[]))?;
    let explicit = || KeyError::Unsupported { name: "EC with explicit curve parameters".into() };
    let at_block = |error| Failure::key(error, Location::line_of(Field::Key, Some(block.line)));
    ObjectIdentifier::from_der(&bytes).map(Some).map_err(|_| at_block(explicit()))
}

fn not_a_certificate(block: &PemBlock<'_>) -> Option<Failure> {
    let line = Some(block.line);
    match Kind::of_label(block.label) {
        Kind::Certificate => None,
        Kind::Unknown => {
            let label = block.label.to_owned();
            Some(Failure::at_line(DecodeError::UnexpectedLabel { label }, Field::Chain, line))
        }
        other => unexpected_in_chain(&other).map(|kind| Failure::unexpected(kind, Field::Chain, line)),
    }
}

fn not_a_key(block: &PemBlock<'_>) -> Option<Failure> {
    let line = Some(block.line);
    match Kind::of_label(block.label) {
        Kind::EncryptedKey | Kind::KeyParameters | Kind::PrivateKey(_) => None,
        Kind::Unknown => {
            let label = block.label.to_owned();
            Some(Failure::at_line(DecodeError::UnexpectedLabel { label }, Field::Key, line))
        }
        other => unexpected_in_key(&other).map(|kind| Failure::unexpected(kind, Field::Key, line)),
    }
}

const fn unexpected_in_chain(kind: &Kind) -> Option<Unexpected> {
    match kind {
        Kind::Certificate | Kind::Unknown => None,
        Kind::KeyParameters | Kind::EncryptedKey | Kind::PrivateKey(_) => Some(Unexpected::KeyInChain),
        other => unexpected_anywhere(other),
    }
}

const fn unexpected_in_key(kind: &Kind) -> Option<Unexpected> {
    match kind {
        Kind::Certificate => Some(Unexpected::CertificateInKey),
        other => unexpected_anywhere(other),
    }
}

const fn unexpected_anywhere(kind: &Kind) -> Option<Unexpected> {
    match kind {
        Kind::CertificateRequest => Some(Unexpected::CertificateRequest),
        Kind::CertificateRevocationList => Some(Unexpected::CertificateRevocationList),
        Kind::DhParameters => Some(Unexpected::DhParameters),
        Kind::OpensshKey => Some(Unexpected::OpensshKey),
        Kind::Pkcs12 => Some(Unexpected::Pkcs12),
        Kind::Pkcs7 => Some(Unexpected::Pkcs7),
        Kind::PublicKey => Some(Unexpected::PublicKey),
        Kind::Certificate
        | Kind::KeyParameters
        | Kind::EncryptedKey
        | Kind::PrivateKey(_)
        | Kind::Unknown => None,
    }
}

pub(crate) fn pem_failure(error: PemError, field: Field, input: &[u8]) -> Failure {
    let (error, line) = match error {
        PemError::BadBoundary { line } => (DecodeError::BoundaryDamaged, Some(line)),
        PemError::BadCharacter { line, found } => (DecodeError::BadCharacter { found }, Some(line)),
        PemError::BadPadding { line } => (DecodeError::BadPadding, Some(line)),
        PemError::Empty => (DecodeError::Empty, None),
        PemError::EmptyBlock { line, label } => (DecodeError::EmptyBlock { label }, Some(line)),
        PemError::EscapedNewlines { line } => (DecodeError::EscapedNewlines, Some(line)),
        PemError::LabelMismatch { line, begin, end } => {
            (DecodeError::LabelMismatch { begin, end }, Some(line))
        }
        PemError::NewlinesLost { line } => (DecodeError::NewlinesLost, Some(line)),
        PemError::NoBlock if is_bare_base64(input) => (DecodeError::BoundaryMissing, None),
        PemError::NoBlock => (DecodeError::NoPem, None),
        PemError::NotText => (DecodeError::NotText, None),
        PemError::SmartDashes { line, found } => (DecodeError::SmartDashes { found }, Some(line)),
        PemError::StrayEnd { line } => (DecodeError::StrayEnd, Some(line)),
        PemError::TooManyBlocks { max } if field == Field::Key => {
            (DecodeError::SeveralKeys { count: max }, None)
        }
        PemError::TooManyBlocks { .. } => {
            (DecodeError::TooManyCertificates { max: caps::MAX_CERTIFICATES }, None)
        }
        PemError::Unclosed { line, .. } => (DecodeError::Truncated, Some(line)),
    };
    Failure::at_line(error, field, line)
}

/// Whether text without boundaries is what stands between them: base64 that starts as a DER sequence does.
fn is_bare_base64(input: &[u8]) -> bool {
    let text = input.trim_ascii();
    text.starts_with(b"MI")
        && text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || matches!(b, b'+' | b'/' | b'='))
}
