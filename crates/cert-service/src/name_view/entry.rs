//! A name and its slots in one allocation: there may be a million, most of them never asked for.
//!
//! ```text
//! flags | primary slot, if any | alternate slot, if any | text
//! slot = id[12] | generation[8] | not_after[8] | key type[3] | options | mark[2]
//! ```

use cert_core::{KeyType, Timestamp};
use cert_store::{BindOptions, CertId, Generation, Slot, TargetKind};

use super::Served;

pub(super) struct Entry(Box<[u8]>);

impl Entry {
    pub(super) fn new(kind: TargetKind, text: &[u8], slots: &Slots) -> Self {
        let filled = [slots.primary, slots.alternate];
        let count = filled.iter().flatten().count();
        let mut bytes = Vec::with_capacity(1 + count * SLOT + text.len());
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        bytes.push(
            flag(kind == TargetKind::Storage, STORAGE)
                | flag(slots.primary.is_some(), PRIMARY)
                | flag(slots.alternate.is_some(), ALTERNATE),
        );
        for (served, mark) in filled.into_iter().flatten() {
            bytes.extend(served.id.0);
            bytes.extend(served.generation.0.to_be_bytes());
            bytes.extend(served.not_after.as_unix().to_be_bytes());
            bytes.extend(key_type_bytes(served.key_type));
            bytes.push(flag(served.options.force_https, FORCE_HTTPS) | flag(served.options.http2, HTTP2));
            bytes.extend(mark.to_be_bytes());
        }
        bytes.extend(text);
        Self(bytes.into_boxed_slice())
    }

    pub(super) fn is(&self, kind: TargetKind, text: &[u8]) -> bool {
        self.kind() == kind && self.text() == text
    }

    pub(super) fn kind(&self) -> TargetKind {
        if self.flags() & STORAGE == 0 { TargetKind::Cdn } else { TargetKind::Storage }
    }

    pub(super) fn text(&self) -> &[u8] {
        let slots = (self.flags() & (PRIMARY | ALTERNATE)).count_ones() as usize;
        &self.0[1 + slots * SLOT..]
    }

    pub(super) fn slots(&self) -> Slots {
        let mut filled = self.0[1..].chunks_exact(SLOT);
        let mut next = |flag| if self.flags() & flag == 0 { None } else { filled.next().and_then(read) };
        Slots { primary: next(PRIMARY), alternate: next(ALTERNATE) }
    }

    fn flags(&self) -> u8 {
        self.0[0]
    }
}

/// What stands in the two slots of a name, each with the mark of the load that read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots {
    primary: Option<(Served, u16)>,
    alternate: Option<(Served, u16)>,
}

impl Slots {
    pub(super) const fn with(mut self, slot: Slot, served: Served, mark: u16) -> Self {
        *self.slot_mut(slot) = Some((served, mark));
        self
    }

    pub(super) const fn without(mut self, slot: Slot) -> Self {
        *self.slot_mut(slot) = None;
        self
    }

    pub(super) fn marked(mut self, slot: Slot, mark: u16) -> Self {
        if let Some((_, standing)) = self.slot_mut(slot) {
            *standing = mark;
        }
        self
    }

    pub(super) fn only_marked(self, mark: u16) -> Self {
        let is_marked = |&(_, standing): &(Served, u16)| standing == mark;
        Self { primary: self.primary.filter(is_marked), alternate: self.alternate.filter(is_marked) }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<Served> {
        let filled = match slot {
            Slot::Alternate => self.alternate,
            Slot::Primary => self.primary,
        };
        filled.map(|(served, _)| served)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.primary.is_none() && self.alternate.is_none()
    }

    /// Whether one of them may still be served.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        [self.primary, self.alternate].iter().flatten().any(|(served, _)| served.is_live(now))
    }

    const fn slot_mut(&mut self, slot: Slot) -> &mut Option<(Served, u16)> {
        match slot {
            Slot::Alternate => &mut self.alternate,
            Slot::Primary => &mut self.primary,
        }
    }
}

/// What [`Entry::new`] wrote; `None` only for a type of key that has no number here.
fn read(bytes: &[u8]) -> Option<(Served, u16)> {
    let (id, rest) = bytes.split_first_chunk::<12>()?;
    let (generation, rest) = rest.split_first_chunk::<8>()?;
    let (not_after, rest) = rest.split_first_chunk::<8>()?;
    let &[tag, high, low, options, mark_high, mark_low] = rest else { return None };
    let served = Served {
        id: CertId(*id),
        generation: Generation(u64::from_be_bytes(*generation)),
        not_after: Timestamp::from_unix(i64::from_be_bytes(*not_after)),
        key_type: key_type_from(tag, u16::from_be_bytes([high, low]))?,
        options: BindOptions { force_https: options & FORCE_HTTPS != 0, http2: options & HTTP2 != 0 },
    };
    Some((served, u16::from_be_bytes([mark_high, mark_low])))
}

/// In memory only, so the numbers may change.
const fn key_type_bytes(key_type: KeyType) -> [u8; 3] {
    match key_type {
        KeyType::EcP256 => [1, 0, 0],
        KeyType::EcP384 => [2, 0, 0],
        KeyType::EcP521 => [3, 0, 0],
        KeyType::Ed25519 => [4, 0, 0],
        KeyType::Rsa { bits } => {
            let [high, low] = bits.to_be_bytes();
            [5, high, low]
        }
        _ => [0, 0, 0],
    }
}

const fn key_type_from(tag: u8, bits: u16) -> Option<KeyType> {
    match tag {
        1 => Some(KeyType::EcP256),
        2 => Some(KeyType::EcP384),
        3 => Some(KeyType::EcP521),
        4 => Some(KeyType::Ed25519),
        5 => Some(KeyType::Rsa { bits }),
        _ => None,
    }
}

const SLOT: usize = 34;

const STORAGE: u8 = 1;
const PRIMARY: u8 = 2;
const ALTERNATE: u8 = 4;

const FORCE_HTTPS: u8 = 1;
const HTTP2: u8 = 2;
