//! The sealed record, to the byte.
//!
//! ```text
//! str(x)  = u16 big-endian length | bytes
//! context = "certkeep/seal/v1" | str(owner) | str(id) | u64 generation | SHA-256(leaf SPKI)
//! key[32] | commit[32] = HKDF-SHA256(ikm = DEK, info = context)
//! record  = 01 | suite 01 | str(kek_id) | str(wrapped) | commit
//!         | AES-256-GCM(key, nonce 0, aad = 01 | suite | context, form | DER as sent) | tag
//! ```
//!
//! Lengths make the context unambiguous. A DEK encrypts once, so a fixed nonce is safe. `commit` gives GCM the key
//! commitment that it lacks. `kek_id` and `wrapped` stand outside the AAD, so that wrapping a DEK under another KEK
//! leaves the ciphertext alone.

use aws_lc_rs::{constant_time, error::Unspecified, rand};
use cert_core::{Fingerprint, KeyForm, PrivateKey};
use cert_store::{CertId, Generation, KekId, OwnerId, SealedKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::pem;

use super::{
    Dek, KeyWrapper, WrapError,
    one_time::{self, TAG_LEN},
};

/// Seals `key` for the certificate that `context` names, under the wrapper's active KEK.
pub(crate) async fn seal(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    key: &PrivateKey,
) -> Result<SealedKey, SealError> {
    seal_fresh(wrapper, context, form_byte(key.form()), key.secret_der()).await
}

/// Seals a key that was opened, for another certificate or generation.
pub(crate) async fn seal_again(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    key: &PlainKey,
) -> Result<SealedKey, SealError> {
    seal_fresh(wrapper, context, form_byte(key.form), &key.der).await
}

/// Opens what [`seal`] made, if it was made for the same certificate.
pub(crate) async fn open(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    sealed: &SealedKey,
) -> Result<PlainKey, SealError> {
    let (form, der) = open_parts(wrapper, context, sealed.kek_id(), sealed.as_bytes()).await?;
    Ok(PlainKey { form: form_from_byte(form)?, der })
}

/// The same record with its DEK wrapped under another KEK. What the DEK encrypts is copied as it is.
pub(crate) async fn rewrap(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    sealed: &SealedKey,
    to: &KekId,
) -> Result<SealedKey, SealError> {
    let record = Record::read(sealed.as_bytes()).ok_or(SealError::Malformed)?;
    let dek = wrapper.unwrap(sealed.kek_id(), context, record.wrapped).await?;
    record.committed_to(&dek, context)?;
    let wrapped = wrapper.wrap(to, context, &dek).await?;
    let tail = [record.commit, record.ciphertext].concat();
    let mut bytes = header(to, &wrapped, tail.len())?;
    bytes.extend(tail);
    SealedKey::from_bytes(bytes).map_err(|_| SealError::Malformed)
}

/// A record that only a ring with the right KEK can open, for the store to keep.
pub(crate) async fn seal_canary(wrapper: &dyn KeyWrapper) -> Result<SealedKey, SealError> {
    seal_fresh(wrapper, &SealContext::canary(), CANARY_FORM, CANARY).await
}

/// Whether the wrapper opens the canary that the store keeps.
pub(crate) async fn open_canary(wrapper: &dyn KeyWrapper, record: &[u8]) -> Result<(), SealError> {
    let kek =
        Record::read(record).and_then(|record| KekId::new(record.kek).ok()).ok_or(SealError::Malformed)?;
    let (form, text) = open_parts(wrapper, &SealContext::canary(), &kek, record).await?;
    if form == CANARY_FORM && text.as_slice() == CANARY { Ok(()) } else { Err(SealError::Malformed) }
}

/// As [`rewrap`], for the canary.
pub(crate) async fn rewrap_canary(
    wrapper: &dyn KeyWrapper,
    sealed: &SealedKey,
    to: &KekId,
) -> Result<SealedKey, SealError> {
    rewrap(wrapper, &SealContext::canary(), sealed, to).await
}

/// What a sealed key belongs to. A key sealed for one context opens for no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealContext(Box<[u8]>);

impl SealContext {
    /// The context of one generation of a certificate.
    pub fn new(owner: &OwnerId, id: CertId, generation: Generation, spki: &Fingerprint) -> Self {
        Self::encode(owner.as_str(), &hex(id), generation.0, spki)
    }

    /// The context of the store's canary, which no certificate can have: its owner is empty.
    pub(crate) fn canary() -> Self {
        Self::encode("", b"canary", 0, &Fingerprint::from_bytes([0; 32]))
    }

    /// The unambiguous encoding: what a wrapper authenticates.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn encode(owner: &str, id: &[u8], generation: u64, spki: &Fingerprint) -> Self {
        let head = b"certkeep/seal/v1";
        let mut bytes = Vec::with_capacity(head.len() + 2 + owner.len() + 2 + id.len() + 8 + 32);
        bytes.extend(head);
        push_str(&mut bytes, owner.as_bytes());
        push_str(&mut bytes, id);
        bytes.extend(generation.to_be_bytes());
        bytes.extend(spki.as_bytes());
        Self(bytes.into())
    }
}

/// A private key in the clear, as its owner sent it. Zeroized when dropped, never cloned, never shown.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PlainKey {
    #[zeroize(skip)]
    form: KeyForm,
    der: Zeroizing<Vec<u8>>,
}

impl PlainKey {
    /// The form that the key was sent in, and in which it comes back.
    pub const fn form(&self) -> KeyForm {
        self.form
    }

    /// The key's DER in its [`form`](Self::form).
    pub fn secret_der(&self) -> &[u8] {
        &self.der
    }

    /// The key as PEM.
    pub fn secret_pem(&self) -> Zeroizing<String> {
        pem::encode(self.form.pem_label(), &self.der)
    }

    /// Appends the key to `out` as PEM, each line ended by `line_end`: see
    /// [`push_chain_pem`](crate::push_chain_pem). Where `out` has room for [as much](Self::pem_len) it does not move,
    /// and no copy of the key is left behind.
    pub fn push_secret_pem(&self, out: &mut Vec<u8>, line_end: &str) {
        pem::push_secret(out, self.form.pem_label(), &self.der, line_end);
    }

    /// How many octets [`push_secret_pem`](Self::push_secret_pem) appends.
    pub fn pem_len(&self, line_end: &str) -> usize {
        pem::len(self.form.pem_label(), self.der.len(), line_end)
    }
}

impl std::fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlainKey(..)")
    }
}

/// Why a key could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The primitives refused: no randomness, or a field beyond its length.
    #[error("the cryptographic library refused")]
    Crypto,
    /// The bytes are no sealed record of a format that is known here.
    #[error("the sealed key is not a record that this version can read")]
    Malformed,
    /// The record was altered, or it belongs to another owner, id, generation or leaf.
    #[error("the sealed key was altered, or it belongs to another certificate")]
    Mismatch,
    /// The data key could not be wrapped or unwrapped.
    #[error("the data key is not to be had")]
    Wrap(#[from] WrapError),
}

impl SealError {
    /// Whether asking again cannot help: the record or the ring is at fault.
    pub(crate) const fn is_final(&self) -> bool {
        !matches!(self, Self::Crypto | Self::Wrap(WrapError::Unavailable { .. }))
    }

    /// Whether the record itself is at fault.
    pub(crate) const fn is_damage(&self) -> bool {
        matches!(self, Self::Malformed | Self::Mismatch | Self::Wrap(WrapError::Corrupt { .. }))
    }
}

impl From<Unspecified> for SealError {
    fn from(_: Unspecified) -> Self {
        Self::Crypto
    }
}

const VERSION: u8 = 1;
const SUITE: u8 = 1;
const KEY_LEN: usize = 32;
const CANARY_FORM: u8 = 0;
const CANARY: &[u8] = b"certkeep/canary/v1";

async fn seal_fresh(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    form: u8,
    der: &[u8],
) -> Result<SealedKey, SealError> {
    let mut dek = Dek([0; 32]);
    rand::fill(&mut dek.0)?;
    let kek = wrapper.active().await?;
    let wrapped = wrapper.wrap(&kek, context, &dek).await?;
    let record = assemble(&kek, &wrapped, &dek, context, form, der)?;
    SealedKey::from_bytes(record).map_err(|_| SealError::Malformed)
}

fn assemble(
    kek: &KekId,
    wrapped: &[u8],
    dek: &Dek,
    context: &SealContext,
    form: u8,
    der: &[u8],
) -> Result<Vec<u8>, SealError> {
    let derived = one_time::derive::<64>(&dek.0, &[], &[context.as_bytes()])?;
    let (key, commit) = derived.split_at(KEY_LEN);
    // Large enough from the start: growing would leave copies of the plaintext behind.
    let mut record = header(kek, wrapped, commit.len() + 1 + der.len() + TAG_LEN)?;
    record.extend(commit);
    let start = record.len();
    record.push(form);
    record.extend(der);
    let tag = one_time::encrypt(key, &[&[VERSION, SUITE], context.as_bytes()], &mut record[start..])?;
    record.extend(tag);
    Ok(record)
}

/// The part of a record that a rewrap changes, with room for the rest.
fn header(kek: &KekId, wrapped: &[u8], rest: usize) -> Result<Vec<u8>, SealError> {
    let kek = kek.as_str().as_bytes();
    let fits = |len: usize| u16::try_from(len).is_ok();
    if !fits(kek.len()) || !fits(wrapped.len()) {
        return Err(SealError::Crypto);
    }
    let mut record = Vec::with_capacity(2 + 2 + kek.len() + 2 + wrapped.len() + rest);
    record.extend([VERSION, SUITE]);
    push_str(&mut record, kek);
    push_str(&mut record, wrapped);
    Ok(record)
}

async fn open_parts(
    wrapper: &dyn KeyWrapper,
    context: &SealContext,
    kek: &KekId,
    record: &[u8],
) -> Result<(u8, Zeroizing<Vec<u8>>), SealError> {
    let record = Record::read(record).ok_or(SealError::Malformed)?;
    let dek = wrapper.unwrap(kek, context, record.wrapped).await?;
    record.decrypt(&dek, context)
}

struct Record<'a> {
    kek: &'a str,
    wrapped: &'a [u8],
    commit: &'a [u8],
    ciphertext: &'a [u8],
}

impl<'a> Record<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION, SUITE])?;
        let (kek, rest) = split_str(rest)?;
        let (wrapped, rest) = split_str(rest)?;
        let (commit, ciphertext) = rest.split_at_checked(KEY_LEN)?;
        let kek = std::str::from_utf8(kek).ok()?;
        Some(Self { kek, wrapped, commit, ciphertext })
    }

    /// The key that the DEK decrypts with, if the record was made with this DEK for this context.
    fn committed_to(&self, dek: &Dek, context: &SealContext) -> Result<Zeroizing<[u8; 64]>, SealError> {
        let derived = one_time::derive::<64>(&dek.0, &[], &[context.as_bytes()])?;
        constant_time::verify_slices_are_equal(&derived[KEY_LEN..], self.commit)
            .map_err(|_| SealError::Mismatch)?;
        Ok(derived)
    }

    fn decrypt(&self, dek: &Dek, context: &SealContext) -> Result<(u8, Zeroizing<Vec<u8>>), SealError> {
        let derived = self.committed_to(dek, context)?;
        let mut buffer = Zeroizing::new(self.ciphertext.to_vec());
        let plain =
            one_time::decrypt(&derived[..KEY_LEN], &[&[VERSION, SUITE], context.as_bytes()], &mut buffer)
                .map_err(|_| SealError::Mismatch)?;
        let form = *plain.first().ok_or(SealError::Malformed)?;
        let len = plain.len();
        // The key stays where it was decrypted: a second buffer would have to be wiped as well.
        buffer.copy_within(1..len, 0);
        buffer.truncate(len - 1);
        Ok((form, buffer))
    }
}

fn push_str(out: &mut Vec<u8>, bytes: &[u8]) {
    // Owners, ids and KEK ids are capped far below, and `assemble` checks what a wrapper returns.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(bytes);
}

fn split_str(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The id as it displays. Formatting it costs a fifth of a seal.
fn hex(id: CertId) -> [u8; 24] {
    let mut digits = [0; 24];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(id.0) {
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    digits
}

const fn form_byte(form: KeyForm) -> u8 {
    match form {
        KeyForm::Pkcs1 => 1,
        KeyForm::Pkcs8 => 2,
        KeyForm::Sec1 => 3,
    }
}

const fn form_from_byte(byte: u8) -> Result<KeyForm, SealError> {
    match byte {
        1 => Ok(KeyForm::Pkcs1),
        2 => Ok(KeyForm::Pkcs8),
        3 => Ok(KeyForm::Sec1),
        _ => Err(SealError::Malformed),
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
