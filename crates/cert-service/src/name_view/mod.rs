//! The name view: which certificate serves which name, in memory, for every handshake.
//!
//! One type for the service's own [`resolve`](crate::CertService::resolve) and for TLS edges. It holds what is bound
//! and nothing else: no chains, no keys, no owners. Lookups take a read lock on one of its parts and allocate nothing.

mod follow;
mod part;
mod status;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use cert_core::{KeyType, Timestamp};
use cert_store::{BindOptions, Binding, CertId, Generation, Slot, Target, TargetKind};
use hashbrown::{HashTable, hash_table};

use self::{
    follow::Cursor,
    part::{NameHash, Names, Slots},
    status::Counts,
};

pub(crate) use self::follow::follow;
pub use self::status::ViewStatus;

/// What is bound to each name, as far as it has been read.
///
/// A [`CertService`](crate::CertService) has one, which
/// [`follow_names`](crate::CertService::follow_names) keeps fresh; look names up in
/// [`names`](crate::CertService::names). One that is fed by something else is filled by [`put`](Self::put).
///
/// ```
/// use cert_core::{KeyType, Timestamp};
/// use cert_service::{Match, NameView};
/// use cert_store::*;
///
/// let view = NameView::new();
/// let owner = OwnerId::new("alice")?;
/// let (now, id) = (Timestamp::from_unix(1_795_000_000), CertId::from_parts(1, owner.shard(), 1));
/// view.put(&Binding {
///     target: Target::cdn("*.example.com".parse()?),
///     owner,
///     id,
///     generation: Generation::FIRST,
///     not_after: now + 86_400,
///     key_type: KeyType::EcP256,
///     options: BindOptions::default(),
/// });
/// let found = view.resolve(TargetKind::Cdn, "WWW.example.com.", now).expect("the wildcard covers it");
/// assert_eq!(found.matched(), Match::Wildcard);
/// assert_eq!(found.slots().next().map(|served| served.id), Some(id));
/// assert!(view.resolve(TargetKind::Cdn, "example.com", now).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NameView {
    hashers: [RandomState; 2],
    parts: Box<[Part]>,
    /// The highest generation that was seen of each certificate that is bound.
    seen: Mutex<HashTable<Seen>>,
    revision: AtomicU64,
    counts: Counts,
    cursor: futures_util::lock::Mutex<Cursor>,
}

/// A part of the names, by their hash, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Part(RwLock<Names>);

/// Twenty bytes: there is one for each certificate.
struct Seen {
    id: CertId,
    generation: [u8; 8],
}

/// Which certificates serve a name: one, or two with different types of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    matched: Match,
    primary: Option<Served>,
    alternate: Option<Served>,
}

/// How a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The name itself is bound.
    Exact,
    /// The wildcard above it is.
    Wildcard,
}

/// A certificate that serves a name, in the version that stood when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// The certificate.
    pub id: CertId,
    /// Its version. Whoever keeps opened keys keeps them by id and generation.
    pub generation: Generation,
    /// Its end.
    pub not_after: Timestamp,
    /// Its type of key.
    pub key_type: KeyType,
    /// What the owner wants for the domain.
    pub options: BindOptions,
}

impl NameView {
    /// A view of nothing.
    pub fn new() -> Self {
        let mut parts = Vec::with_capacity(PARTS);
        parts.resize_with(PARTS, Part::default);
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            parts: parts.into(),
            seen: Mutex::default(),
            revision: AtomicU64::new(0),
            counts: Counts::default(),
            cursor: futures_util::lock::Mutex::default(),
        }
    }

    /// Which certificates serve a name at `now`: the name itself unless all of its certificates have expired, then the
    /// wildcard above it, then the name although expired, then the wildcard although expired. Of two slots, one that
    /// has expired is left out beside one that has not.
    ///
    /// The name may have capitals and a trailing dot. One with other than ASCII characters is not found: servers are
    /// asked for A-labels.
    pub fn resolve(&self, kind: TargetKind, name: &str, now: Timestamp) -> Option<Resolved> {
        let mut buffer = [0; MAX_NAME];
        let name = normalized(name, &mut buffer)?;
        let exact = self.find(kind, name);
        if exact.is_some_and(|slots| slots.is_live(now)) {
            return choose(exact, None, now);
        }
        let above = memchr::memchr(b'.', name).filter(|&dot| dot > 0).map(|dot| &name[dot..]);
        choose(exact, above.and_then(|above| self.find(kind, above)), now)
    }

    /// How many names have a certificate.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.read().len()).sum()
    }

    /// Whether no name has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The highest generation that was seen of a certificate; `None` for one that nothing was bound to, or that is gone.
    pub fn generation(&self, id: CertId) -> Option<Generation> {
        let seen = self.seen();
        let seen = seen.find(self.hashers[0].hash_one(id), |seen| seen.id == id)?;
        Some(Generation(u64::from_be_bytes(seen.generation)))
    }

    /// A number that rises whenever a certificate of which a generation was seen has a later one, or is gone. Whoever
    /// keeps opened keys looks through them when it has risen, by [`generation`](Self::generation).
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Takes a binding over whatever stands at its target, and says whether it did: one in a lower generation than
    /// was seen of its certificate is refused and counted, and what stands goes on. A store cannot give it, unless an
    /// earlier state was put back.
    pub fn put(&self, binding: &Binding) -> bool {
        self.put_marked(binding, 0)
    }

    /// Forgets what is bound to a target.
    pub fn remove(&self, target: &Target) {
        let name = self.hash_of(target);
        self.part(name).write().remove(name, target.slot);
    }

    fn put_marked(&self, binding: &Binding, mark: u16) -> bool {
        let (slot, name) = (binding.target.slot, self.hash_of(&binding.target));
        if self.admits(binding) {
            self.part(name).write().put(name, slot, Served::of(binding), mark);
            return true;
        }
        self.counts.refuse(binding);
        // What stands goes on being served, so it must outlast a load.
        self.part(name).write().mark(name, slot, mark);
        false
    }

    /// Drops what has not been read since the load with this mark began.
    fn sweep(&self, mark: u16) {
        self.parts.iter().for_each(|part| part.write().keep_marked(mark));
    }

    /// Whether no later generation was seen; this one has been from here on.
    fn admits(&self, binding: &Binding) -> bool {
        let hash_of = |id: CertId| self.hashers[0].hash_one(id);
        let mut seen = self.seen();
        let (id, generation) = (binding.id, binding.generation.0);
        match seen.entry(hash_of(id), |seen| seen.id == id, |seen| hash_of(seen.id)) {
            hash_table::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                let before = u64::from_be_bytes(known.generation);
                if generation > before {
                    known.generation = generation.to_be_bytes();
                    self.revision.fetch_add(1, Ordering::Release);
                }
                generation >= before
            }
            hash_table::Entry::Vacant(vacant) => {
                vacant.insert(Seen { id, generation: generation.to_be_bytes() });
                true
            }
        }
    }

    /// Whether the certificate is bound to a name here, or was.
    fn knows(&self, id: CertId) -> bool {
        self.generation(id).is_some()
    }

    /// Nothing is bound to the certificate any more.
    fn forget(&self, id: CertId) {
        if let Ok(seen) = self.seen().find_entry(self.hashers[0].hash_one(id), |seen| seen.id == id) {
            seen.remove();
            self.revision.fetch_add(1, Ordering::Release);
        }
    }

    fn find(&self, kind: TargetKind, text: &[u8]) -> Option<Slots> {
        let name = self.hash(kind, text);
        self.part(name).read().get(name)
    }

    fn hash_of(&self, target: &Target) -> NameHash {
        let name = target.domain.as_str();
        self.hash(target.kind, name.strip_prefix('*').unwrap_or(name).as_bytes())
    }

    fn hash(&self, kind: TargetKind, text: &[u8]) -> NameHash {
        let [place, check] = [0, 1].map(|n| {
            let mut hasher = self.hashers[n].build_hasher();
            hasher.write(text);
            hasher.write_u8(kind as u8);
            hasher.finish()
        });
        NameHash { place, check }
    }

    /// By the upper half: the tables use the lower bits, and the highest seven.
    const fn part(&self, name: NameHash) -> &Part {
        &self.parts[(name.place >> 32) as usize % PARTS]
    }

    fn seen(&self) -> MutexGuard<'_, HashTable<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for NameView {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for NameView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameView").field("names", &self.len()).finish_non_exhaustive()
    }
}

impl Part {
    fn read(&self) -> RwLockReadGuard<'_, Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Names> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolved {
    /// How the name was found.
    pub const fn matched(&self) -> Match {
        self.matched
    }

    /// The certificates: the primary slot's, then the alternate's. There is at least one.
    pub fn slots(&self) -> impl Iterator<Item = Served> + use<> {
        self.primary.into_iter().chain(self.alternate)
    }

    /// The primary slot's.
    pub const fn primary(&self) -> Option<Served> {
        self.primary
    }

    /// The alternate slot's.
    pub const fn alternate(&self) -> Option<Served> {
        self.alternate
    }
}

impl Served {
    pub(crate) const fn of(binding: &Binding) -> Self {
        let &Binding { id, generation, not_after, key_type, options, .. } = binding;
        Self { id, generation, not_after, key_type, options }
    }

    /// Whether it may still be served.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.not_after > now
    }
}

/// The one order of precedence.
fn choose(exact: Option<Slots>, above: Option<Slots>, now: Timestamp) -> Option<Resolved> {
    let ranked = [(Match::Exact, exact), (Match::Wildcard, above)];
    let found = || ranked.iter().filter_map(|&(matched, slots)| Some((matched, slots?)));
    let (matched, slots) = found().find(|(_, slots)| slots.is_live(now)).or_else(|| found().next())?;
    let fit = |served: &Served| served.is_live(now) || !slots.is_live(now);
    let (primary, alternate) = (slots.primary.filter(fit), slots.alternate.filter(fit));
    Some(Resolved { matched, primary, alternate })
}

/// What serves a name by bindings that were read one by one, in the order of precedence of a view.
pub(crate) fn resolve_among(exact: &[Binding], above: &[Binding], now: Timestamp) -> Option<Resolved> {
    let slots = |bindings: &[Binding]| {
        let at = |slot| bindings.iter().find(|bound| bound.target.slot == slot).map(Served::of);
        (!bindings.is_empty()).then(|| Slots { primary: at(Slot::Primary), alternate: at(Slot::Alternate) })
    };
    choose(slots(exact), slots(above), now)
}

/// The text that is hashed: in small letters, without a trailing dot, and without the star of a wildcard, so that its
/// text starts with a dot.
fn normalized<'a>(name: &'a str, buffer: &'a mut [u8; MAX_NAME]) -> Option<&'a [u8]> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let text = if name.starts_with("*.") { &name.as_bytes()[1..] } else { name.as_bytes() };
    let is_suffix = name.starts_with('.');
    if text.is_empty() || text.len() > MAX_NAME || is_suffix {
        return None;
    }
    if !text.iter().any(u8::is_ascii_uppercase) {
        return Some(text);
    }
    let buffer = &mut buffer[..text.len()];
    buffer.copy_from_slice(text);
    buffer.make_ascii_lowercase();
    Some(buffer)
}

/// So many that the growth of one, which readers of it wait for, is short with a million names.
const PARTS: usize = 256;
const MAX_NAME: usize = 253;
