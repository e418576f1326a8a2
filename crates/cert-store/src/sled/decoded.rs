//! What was decoded lately: decoding costs several times what reading does.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use ::sled::IVec;

use crate::{CertId, CertRecord, CertSummary, StoreError};

/// Decoded values of the two kinds that are read all the time. Keys of certificates are never among them.
pub(super) struct Decoded {
    pub(super) records: Values<CertRecord>,
    /// As they stand in the lists of their owners.
    pub(super) listed: Values<Arc<CertSummary>>,
}

impl Decoded {
    pub(super) fn new() -> Self {
        Self { records: Values::new(CAPACITY / 4 * 3), listed: Values::new(CAPACITY / 4) }
    }
}

/// Bytes that both kinds together may take.
const CAPACITY: usize = 128 << 20;

/// Decoded values by the ids of their certificates, within a bound.
///
/// A value cannot be stale, because none is believed: whoever asks has read the bytes, and gets what was decoded from
/// exactly these bytes, or nothing. So a change needs no message, and there is no race with the writer.
///
/// One lock for all: a page asks for a hundred values, and a lock for each would cost as much as reading them.
pub(super) struct Values<T>(RwLock<Table<T>>);

impl<T: Clone> Values<T> {
    fn new(capacity: usize) -> Self {
        Self(RwLock::new(Table::new(capacity)))
    }

    /// For looking up many.
    pub(super) fn table(&self) -> RwLockReadGuard<'_, Table<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get_or_decode(
        &self,
        id: CertId,
        bytes: IVec,
        decode: impl FnOnce(&[u8]) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // Not in the condition itself, which would hold the lock on through the block.
        let known = self.table().get(id, &bytes);
        if let Some(value) = known {
            return Ok(value);
        }
        let value = decode(&bytes)?;
        self.keep([(id, bytes, value.clone())]);
        Ok(value)
    }

    pub(super) fn keep(&self, decoded: impl IntoIterator<Item = (CertId, IVec, T)>) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (id, bytes, value) in decoded {
            table.insert(id, Slot { bytes, value, is_used: AtomicBool::new(false) });
        }
    }
}

/// The values, and a hand that goes round over them: what was not used since it last came by makes room.
pub(super) struct Table<T> {
    slots: HashMap<CertId, Slot<T>, BuildHasherDefault<IdHasher>>,
    ring: Vec<CertId>,
    hand: usize,
    weight: usize,
    capacity: usize,
}

struct Slot<T> {
    /// What the value was decoded from.
    bytes: IVec,
    value: T,
    is_used: AtomicBool,
}

impl<T> Slot<T> {
    /// A decoded value takes about as much memory as its bytes, which are kept beside it.
    fn weight(&self) -> usize {
        2 * self.bytes.len() + OVERHEAD
    }
}

/// Allocations and the slot itself.
const OVERHEAD: usize = 512;

impl<T: Clone> Table<T> {
    fn new(capacity: usize) -> Self {
        Self { slots: HashMap::default(), ring: Vec::new(), hand: 0, weight: 0, capacity }
    }

    /// What was decoded from these bytes, if it is at hand.
    pub(super) fn get(&self, id: CertId, bytes: &[u8]) -> Option<T> {
        let slot = self.slots.get(&id)?;
        // sled shares what is in its cache, so that mostly one look at the address is enough.
        if !std::ptr::eq(&*slot.bytes, bytes) && *slot.bytes != *bytes {
            return None;
        }
        // Written only where it changes: readers share the line.
        if !slot.is_used.load(Relaxed) {
            slot.is_used.store(true, Relaxed);
        }
        Some(slot.value.clone())
    }

    fn insert(&mut self, id: CertId, slot: Slot<T>) {
        let weight = slot.weight();
        if weight > self.capacity {
            return;
        }
        let old = self.slots.remove(&id);
        self.weight -= old.as_ref().map_or(0, Slot::weight);
        while self.weight + weight > self.capacity {
            self.make_room();
        }
        if old.is_none() {
            self.ring.push(id);
        }
        self.weight += weight;
        self.slots.insert(id, slot);
    }

    /// Looks at one value, and takes it out unless it was used. What comes into its place is looked at a round later.
    fn make_room(&mut self) {
        let place = self.hand % self.ring.len();
        self.hand = place + 1;
        let id = self.ring[place];
        if self.slots.get(&id).is_some_and(|slot| !slot.is_used.swap(false, Relaxed)) {
            self.ring.swap_remove(place);
            self.weight -= self.slots.remove(&id).map_or(0, |slot| slot.weight());
        }
    }
}

/// The end of an id, which is random, and which no tenant chooses.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, id: &[u8]) {
        let end = id.last_chunk().copied().map_or(0, u64::from_ne_bytes);
        // Spreads what counts up within a millisecond: a multiple of the golden ratio, as is usual.
        self.0 = end.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// The length, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CertId, IVec, OVERHEAD, Values};

    fn id(number: u8) -> CertId {
        CertId([number; 12])
    }

    fn decode(values: &Values<Vec<u8>>, number: u8, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut was_decoded = false;
        let value = values.get_or_decode(id(number), IVec::from(bytes), |bytes| {
            was_decoded = true;
            Ok(bytes.to_vec())
        });
        (value.unwrap(), was_decoded)
    }

    #[test]
    fn a_value_is_of_the_bytes_that_were_read() {
        let values = Values::new(1 << 20);
        assert_eq!(decode(&values, 1, b"one"), (b"one".to_vec(), true));
        assert_eq!(decode(&values, 1, b"one"), (b"one".to_vec(), false), "the same bytes elsewhere");
        assert_eq!(decode(&values, 1, b"two"), (b"two".to_vec(), true), "they have changed");
        assert_eq!(decode(&values, 2, b"two"), (b"two".to_vec(), true), "another certificate");
        assert_eq!(decode(&values, 1, b"one"), (b"one".to_vec(), true), "one value for each");
        assert_eq!(values.table().slots.len(), 2);
    }

    #[test]
    fn what_is_used_stays_and_the_bound_holds() {
        let values = Values::new(10 * (OVERHEAD + 2 * 100));
        for number in 0..100 {
            decode(&values, number, &[number; 100]);
            decode(&values, 0, &[0; 100]);
            let table = values.table();
            assert!(table.weight <= table.capacity && table.slots.len() == table.ring.len());
            assert_eq!(table.weight, table.slots.len() * (OVERHEAD + 2 * 100));
        }
        assert!(!decode(&values, 0, &[0; 100]).1, "it was used all the while");
        assert!(!decode(&values, 99, &[99; 100]).1, "it is new");
        assert!(decode(&values, 50, &[50; 100]).1);
        decode(&values, 200, &[0; 100_000]);
        assert!(decode(&values, 200, &[0; 100_000]).1, "nothing is kept that is larger than the bound");
    }
}
