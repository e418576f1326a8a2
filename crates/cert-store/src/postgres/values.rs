//! Our types as the functions take them.

use std::borrow::Cow;

use cert_core::KeyType;
use postgres_types::ToSql;

use super::error::BACKEND;
use crate::{
    Labels, LeafFacts, SealedKey, ServedChain, Shard, StoreError, Target,
    cert::{key_type_number, upload_digest},
};

/// The composite type `leaf`.
#[derive(Debug, ToSql)]
#[postgres(name = "leaf")]
pub(super) struct Leaf<'a> {
    dns_names: Vec<Cow<'a, str>>,
    cover_names: Vec<&'a str>,
    not_before: i64,
    not_after: i64,
    key_type: i32,
    leaf_sha256: &'a [u8],
    spki_sha256: &'a [u8],
    serial: &'a [u8],
    issuer: &'a [u8],
}

/// The composite type `version`.
#[derive(Debug, ToSql)]
#[postgres(name = "version")]
pub(super) struct Version<'a> {
    common_name: Cow<'a, str>,
    leaf: Leaf<'a>,
    content: Vec<u8>,
    chain: Vec<&'a [u8]>,
    kek: &'a str,
    sealed: &'a [u8],
}

impl<'a> Version<'a> {
    pub(super) fn new(
        common_name: &'a str,
        leaf: &'a LeafFacts,
        chain: &'a ServedChain,
        sealed_key: &'a SealedKey,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            common_name: text(common_name),
            leaf: Leaf::new(leaf)?,
            // The name is not in it: who replaces a version does not know it. The server adds it.
            content: upload_digest("", common_name, chain).as_bytes().to_vec(),
            chain: chain.iter().collect(),
            kek: sealed_key.kek_id().as_str(),
            sealed: sealed_key.as_bytes(),
        })
    }
}

impl<'a> Leaf<'a> {
    fn new(leaf: &'a LeafFacts) -> Result<Self, StoreError> {
        Ok(Self {
            dns_names: leaf.dns_names.iter().map(|name| text(name)).collect(),
            cover_names: leaf.cover_names.iter().map(|name| name.as_str()).collect(),
            not_before: leaf.not_before.as_unix(),
            not_after: leaf.not_after.as_unix(),
            key_type: number_of(leaf.key_type)?,
            leaf_sha256: leaf.fingerprint.as_bytes(),
            spki_sha256: leaf.spki_fingerprint.as_bytes(),
            serial: &leaf.serial,
            issuer: &leaf.issuer,
        })
    }
}

fn number_of(key_type: KeyType) -> Result<i32, StoreError> {
    let number = key_type_number::number_of(key_type).and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| StoreError::Corrupt {
        backend: BACKEND,
        operation: "encode",
        source: "a key type without a number".into(),
    })
}

/// A shard as the server has it. There are 4096.
pub(super) const fn number(shard: Shard) -> i16 {
    shard.as_u16() as i16
}

/// A count as the server has it.
pub(super) fn count(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn labels(labels: &Labels) -> Vec<&str> {
    labels.iter().flat_map(|(key, value)| [key, value]).collect()
}

/// The three columns of a target.
pub(super) fn target(target: &Target) -> (i16, &str, i16) {
    (target.kind as i16, target.domain.as_str(), target.slot as i16)
}

/// Those before every target, and those of one.
pub(super) fn behind(after: Option<&Target>) -> (i16, &str, i16) {
    after.map_or((-1, "", -1), target)
}

/// A text as the server takes it: it has no NUL, so that and the escape character are escaped.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', ESCAPE]) {
        return Cow::Owned(text.replace(ESCAPE, ESCAPED_ESCAPE).replace('\0', ESCAPED_NUL));
    }
    Cow::Borrowed(text)
}

/// A text as it was before [`text()`].
pub(super) fn untext(stored: String) -> String {
    // Nearly no text has one, and every text comes by here.
    if !stored.as_bytes().contains(&(ESCAPE as u8)) {
        return stored;
    }
    stored.replace(ESCAPED_NUL, "\0").replace(ESCAPED_ESCAPE, "\u{1}")
}

const ESCAPE: char = '\u{1}';
const ESCAPED_ESCAPE: &str = "\u{1}1";
const ESCAPED_NUL: &str = "\u{1}0";

#[cfg(test)]
mod tests {
    use super::{text, untext};

    #[test]
    fn texts_come_back_and_have_no_nul() {
        for original in ["", "plain", "a\0b", "\u{1}", "\u{1}0", "\0\u{1}1\0", "\u{1}\u{1}0"] {
            let stored = text(original).into_owned();
            assert!(!stored.contains('\0'));
            assert_eq!(untext(stored), original, "{original:?}");
        }
    }
}
