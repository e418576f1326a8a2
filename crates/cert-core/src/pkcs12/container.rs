//! The parts of a PKCS #12 file (RFC 7292 section 4), before anything of it is decrypted.

use std::borrow::Cow;

use der::{
    Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};

use super::{ber::octets_of_pieces, mac::Mac};
use crate::pbe::{EncryptedKey, Scheme};

/// `PFX`.
pub(super) struct Container<'a> {
    /// `AuthenticatedSafe`, which the MAC protects.
    pub(super) content: &'a [u8],
    pub(super) mac: Option<Mac<'a>>,
}

/// One `ContentInfo` of `AuthenticatedSafe`.
pub(super) enum Safe<'a> {
    Plain(&'a [u8]),
    Encrypted(Scheme<'a>, Cow<'a, [u8]>),
}

/// `SafeBag`.
pub(super) struct Bag<'a> {
    pub(super) content: BagContent<'a>,
    /// What a key and its certificate have in common.
    pub(super) local_key_id: Option<&'a [u8]>,
}

pub(super) enum BagContent<'a> {
    Certificate(&'a [u8]),
    EncryptedKey(EncryptedKey<'a>),
    Key(&'a [u8]),
    /// A revocation list, a secret, or a certificate that is not X.509.
    Other,
    /// `SafeContents` within `SafeContents`.
    Safe(&'a [u8]),
}

impl<'a> Container<'a> {
    pub(super) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let container = reader.sequence(|pfx| {
            u8::decode(pfx)?;
            let content = pfx.sequence(|info| {
                expect(info, DATA)?;
                explicit(info, |content| Ok(<&OctetStringRef>::decode(content)?.as_bytes()))
            })?;
            let mac = if pfx.is_finished() { None } else { Some(pfx.sequence(Mac::read)?) };
            Ok::<_, der::Error>(Self { content, mac })
        })?;
        reader.finish()?;
        Ok(container)
    }
}

impl<'a> Safe<'a> {
    /// Reads `AuthenticatedSafe`.
    pub(super) fn read_all(content: &'a [u8]) -> der::Result<Vec<Self>> {
        sequence_of(content, |safes| safes.sequence(Self::read))
    }

    fn read(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        match ObjectIdentifier::decode(reader)? {
            DATA => {
                explicit(reader, |content| Ok(Self::Plain(<&OctetStringRef>::decode(content)?.as_bytes())))
            }
            ENCRYPTED_DATA => explicit(reader, |content| content.sequence(Self::read_encrypted)),
            // Encrypted for the holder of another key: not with a passphrase.
            other => {
                reader.drain(reader.remaining_len())?;
                Ok(Self::Encrypted(Scheme::unsupported(other), Cow::default()))
            }
        }
    }

    /// Reads `EncryptedData` (RFC 5652 section 8).
    fn read_encrypted(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        u8::decode(reader)?;
        reader.sequence(|info| {
            info.decode::<ObjectIdentifier>()?;
            let scheme = info.sequence(Scheme::read)?;
            let content = if info.is_finished() { Cow::default() } else { read_encrypted_content(info)? };
            Ok(Self::Encrypted(scheme, content))
        })
    }
}

/// `[0] IMPLICIT OCTET STRING`, which is in pieces where the file was BER.
fn read_encrypted_content<'a>(reader: &mut SliceReader<'a>) -> der::Result<Cow<'a, [u8]>> {
    let content = AnyRef::decode(reader)?;
    match Tagged::tag(&content) {
        Tag::ContextSpecific { constructed: false, number: TagNumber(0) } => Ok(content.value().into()),
        Tag::ContextSpecific { constructed: true, number: TagNumber(0) } => {
            let octets = octets_of_pieces(content.value()).ok_or_else(|| Tag::OctetString.value_error())?;
            Ok(octets.to_vec().into())
        }
        other => Err(other.unexpected_error(None).into()),
    }
}

impl<'a> Bag<'a> {
    /// Reads `SafeContents`.
    pub(super) fn read_all(safe_contents: &'a [u8]) -> der::Result<Vec<Self>> {
        sequence_of(safe_contents, |bags| bags.sequence(Self::read))
    }

    fn read(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        let kind = ObjectIdentifier::decode(reader)?;
        let value = explicit(reader, |value| value.tlv_bytes())?;
        let local_key_id = if reader.is_finished() { None } else { read_local_key_id(reader)? };
        let content = match kind {
            KEY_BAG => BagContent::Key(value),
            ENCRYPTED_KEY_BAG => BagContent::EncryptedKey(EncryptedKey::from_der(value)?),
            CERTIFICATE_BAG => read_certificate(value)?.map_or(BagContent::Other, BagContent::Certificate),
            SAFE_BAG => BagContent::Safe(value),
            _ => BagContent::Other,
        };
        Ok(Self { content, local_key_id })
    }
}

/// `CertBag`, where it is of the X.509 kind.
fn read_certificate(value: &[u8]) -> der::Result<Option<&[u8]>> {
    SliceReader::new(value)?.sequence(|bag| {
        let kind = ObjectIdentifier::decode(bag)?;
        let certificate = explicit(bag, |value| Ok(AnyRef::decode(value)?.value()))?;
        Ok((kind == X509_CERTIFICATE).then_some(certificate))
    })
}

/// Looks through a bag's attributes, `SET OF SEQUENCE { type, SET OF value }`.
fn read_local_key_id<'a>(reader: &mut SliceReader<'a>) -> der::Result<Option<&'a [u8]>> {
    let mut local_key_id = None;
    let mut attributes = SliceReader::new(AnyRef::decode(reader)?.value())?;
    while !attributes.is_finished() {
        let (kind, values) = attributes.sequence(|attribute| {
            Ok::<_, der::Error>((ObjectIdentifier::decode(attribute)?, AnyRef::decode(attribute)?.value()))
        })?;
        if kind == LOCAL_KEY_ID {
            local_key_id = Some(AnyRef::decode(&mut SliceReader::new(values)?)?.value());
        }
    }
    Ok(local_key_id)
}

fn sequence_of<'a, T>(
    der: &'a [u8],
    mut read: impl FnMut(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<Vec<T>> {
    let mut reader = SliceReader::new(der)?;
    let items = reader.sequence(|items| {
        let mut all = Vec::new();
        while !items.is_finished() {
            all.push(read(items)?);
        }
        Ok::<_, der::Error>(all)
    })?;
    reader.finish()?;
    Ok(items)
}

/// What an explicit tag of number 0 holds.
fn explicit<'a, T>(
    reader: &mut SliceReader<'a>,
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    let outer = AnyRef::decode(reader)?;
    let tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    Tagged::tag(&outer).assert_eq(tag)?;
    let mut inner = SliceReader::new(outer.value())?;
    let value = read(&mut inner)?;
    inner.finish()?;
    Ok(value)
}

fn expect(reader: &mut SliceReader<'_>, expected: ObjectIdentifier) -> der::Result<()> {
    let oid = ObjectIdentifier::decode(reader)?;
    if oid == expected { Ok(()) } else { Err(der::ErrorKind::OidUnknown { oid }.into()) }
}

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const ENCRYPTED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
