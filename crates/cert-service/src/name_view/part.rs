//! A part of the names: what the view keeps of each, as little as will do. There may be a million, most of them never
//! asked for.
//!
//! A name is kept as 128 bits of keyed hash. The keys are random and nobody sees a hash, so nobody can find two names
//! that share one, and by chance two do with a probability below 2^-80 among a million million. Without the text an
//! entry needs no allocation of its own, and a lookup reads one place in memory less.

use cert_core::{KeyType, Timestamp};
use cert_store::{BindOptions, CertId, Generation, Slot};
use hashbrown::{HashTable, hash_table};

use super::Served;

/// What a name is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameHash {
    /// Decides the place in a table, too.
    pub(super) place: u64,
    pub(super) check: u64,
}

/// The names of a part.
#[derive(Default)]
pub(super) struct Names {
    entries: HashTable<Entry>,
    /// Beside them, since few names have one.
    alternates: HashTable<Alternate>,
}

/// What stands in the two slots of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots {
    pub(super) primary: Option<Served>,
    pub(super) alternate: Option<Served>,
}

impl Names {
    pub(super) fn get(&self, name: NameHash) -> Option<Slots> {
        let entry = self.entries.find(name.place, |entry| entry.name == Packed::of(name))?;
        let alternate = if entry.has_alternate { self.alternate(name) } else { None };
        Some(Slots {
            primary: entry.primary.map(Filled::served),
            alternate: alternate.map(|alternate| alternate.filled.served()),
        })
    }

    pub(super) fn put(&mut self, name: NameHash, slot: Slot, served: Served, mark: u16) {
        let filled = Filled::new(served, mark);
        match slot {
            Slot::Primary => self.entry(name).primary = Some(filled),
            Slot::Alternate => {
                self.entry(name).has_alternate = true;
                let name = Packed::of(name);
                let place = |alternate: &Alternate| alternate.name.place();
                match self.alternates.entry(name.place(), |alternate| alternate.name == name, place) {
                    hash_table::Entry::Occupied(mut standing) => standing.get_mut().filled = filled,
                    hash_table::Entry::Vacant(vacant) => drop(vacant.insert(Alternate { name, filled })),
                }
            }
        }
    }

    pub(super) fn remove(&mut self, name: NameHash, slot: Slot) {
        let is_name = |entry: &Entry| entry.name == Packed::of(name);
        let Ok(mut entry) = self.entries.find_entry(name.place, is_name) else { return };
        match slot {
            Slot::Primary => entry.get_mut().primary = None,
            Slot::Alternate => {
                entry.get_mut().has_alternate = false;
                let is_name = |alternate: &Alternate| alternate.name == Packed::of(name);
                if let Ok(alternate) = self.alternates.find_entry(name.place, is_name) {
                    alternate.remove();
                }
            }
        }
        if entry.get().is_empty() {
            entry.remove();
        }
    }

    /// Gives what stands in a slot another mark.
    pub(super) fn mark(&mut self, name: NameHash, slot: Slot, mark: u16) {
        let packed = Packed::of(name);
        let filled = match slot {
            Slot::Primary => {
                let entry = self.entries.find_mut(name.place, |entry| entry.name == packed);
                entry.and_then(|entry| entry.primary.as_mut())
            }
            Slot::Alternate => {
                let alternate = self.alternates.find_mut(name.place, |alternate| alternate.name == packed);
                alternate.map(|alternate| &mut alternate.filled)
            }
        };
        if let Some(filled) = filled {
            filled.mark = mark;
        }
    }

    /// Drops what has another mark.
    pub(super) fn keep_marked(&mut self, mark: u16) {
        let Self { entries, alternates } = self;
        alternates.retain(|alternate| alternate.filled.mark == mark);
        entries.retain(|entry| {
            entry.primary = entry.primary.filter(|filled| filled.mark == mark);
            entry.has_alternate = entry.has_alternate
                && alternates.find(entry.name.place(), |alternate| alternate.name == entry.name).is_some();
            !entry.is_empty()
        });
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn alternate(&self, name: NameHash) -> Option<&Alternate> {
        self.alternates.find(name.place, |alternate| alternate.name == Packed::of(name))
    }

    fn entry(&mut self, name: NameHash) -> &mut Entry {
        let name = Packed::of(name);
        let standing =
            self.entries.entry(name.place(), |entry| entry.name == name, |entry| entry.name.place());
        standing.or_insert(Entry { name, primary: None, has_alternate: false }).into_mut()
    }
}

impl Slots {
    /// Whether one of them may still be served.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        [self.primary, self.alternate].iter().flatten().any(|served| served.is_live(now))
    }
}

/// 54 bytes.
struct Entry {
    name: Packed,
    primary: Option<Filled>,
    has_alternate: bool,
}

impl Entry {
    const fn is_empty(&self) -> bool {
        self.primary.is_none() && !self.has_alternate
    }
}

struct Alternate {
    name: Packed,
    filled: Filled,
}

/// A [`NameHash`] without padding around it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed([[u8; 8]; 2]);

impl Packed {
    const fn of(name: NameHash) -> Self {
        Self([name.place.to_ne_bytes(), name.check.to_ne_bytes()])
    }

    const fn place(self) -> u64 {
        u64::from_ne_bytes(self.0[0])
    }
}

/// A [`Served`] without padding, and the mark of the load that has read it.
#[derive(Clone, Copy)]
struct Filled {
    id: CertId,
    generation: [u8; 8],
    not_after: [u8; 8],
    key_type: KeyType,
    options: BindOptions,
    mark: u16,
}

impl Filled {
    const fn new(served: Served, mark: u16) -> Self {
        let Served { id, generation, not_after, key_type, options } = served;
        let (generation, not_after) = (generation.0.to_ne_bytes(), not_after.as_unix().to_ne_bytes());
        Self { id, generation, not_after, key_type, options, mark }
    }

    const fn served(self) -> Served {
        Served {
            id: self.id,
            generation: Generation(u64::from_ne_bytes(self.generation)),
            not_after: Timestamp::from_unix(i64::from_ne_bytes(self.not_after)),
            key_type: self.key_type,
            options: self.options,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;

    #[test]
    fn an_entry_is_as_small_as_it_says() {
        assert_eq!(size_of::<Entry>(), 54);
    }
}
