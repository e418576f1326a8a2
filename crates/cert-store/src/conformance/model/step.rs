//! The steps, and the small world that they happen in: small enough that they meet.

use cert_core::{Explain as _, Timestamp};

use super::super::{Sample, now, owner};
use crate::{
    BindOptions, CertId, CertStore, Generation, KekId, LeafFacts, NewVersion, OwnerId, Quota, SealedKey,
    StoreError, Target,
};

/// A certificate: the number of its owner, and its own.
pub(super) type CertNumber = (usize, usize);

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Bind { cert: CertNumber, by: usize, generation: u64, target: usize },
    Delete { cert: CertNumber, by: usize },
    Insert { cert: CertNumber, content: usize, kek: usize, live: u64 },
    Move { target: usize, from: usize, to: usize, cert: CertNumber, generation: u64 },
    Replace { cert: CertNumber, generation: u64, content: usize, kek: usize, live: u64 },
    Retire { kek: usize },
    Rewrap { cert: CertNumber, generation: u64, from: usize, to: usize },
    Rollback { cert: CertNumber, generation: u64, kek: usize, live: u64 },
    TakeOver { target: usize, from: CertNumber, to: CertNumber, generation: u64, by: usize },
    Unbind { target: usize, by: usize },
    Wait { seconds: i64 },
}

impl Step {
    /// From random bytes, of which smaller ones are simpler.
    pub(super) fn from_choices([kind, a, b, c, d, e, f, g]: [u8; 8]) -> Self {
        let below = |byte: u8, count: usize| usize::from(byte) % count;
        let cert = |owner, number| (below(owner, World::OWNERS), below(number, World::CERTS));
        let (first, by) = (cert(a, b), below(c, World::OWNERS));
        // Mostly the generation that stands, which `resolved` fills in.
        let generation = if d % 8 < 6 { CURRENT } else { u64::from(d) % 3 + 1 };
        let (kek, target) = (below(e, World::KEKS), below(f, World::TARGETS));
        let (content, live) = (below(g, World::CONTENTS), u64::from(c) % 4 + 1);
        match kind % 16 {
            0..3 => Self::Insert { cert: first, content, kek, live },
            3..6 => Self::Bind { cert: first, by: first.0, generation, target },
            6 => Self::Bind { cert: first, by, generation, target },
            7 | 8 => Self::Replace { cert: first, generation, content, kek, live },
            9 => Self::Rollback { cert: first, generation, kek, live },
            10 => Self::TakeOver { target, from: first, to: cert(a, e), generation, by: first.0 },
            11 => Self::Move { target, from: by, to: first.0, cert: first, generation },
            12 => Self::Unbind { target, by },
            13 => Self::Delete { cert: first, by: first.0 },
            14 if c < 64 => Self::Retire { kek },
            14 => Self::Rewrap { cert: first, generation, from: kek, to: below(f, World::KEKS) },
            _ => Self::Wait { seconds: i64::from(g) % 150 },
        }
    }

    /// The step with the generation that stands, where it asks for that.
    pub(super) fn resolved(mut self, current: impl Fn(CertNumber) -> u64) -> Self {
        let (Self::Bind { cert, generation, .. }
        | Self::Move { cert, generation, .. }
        | Self::Replace { cert, generation, .. }
        | Self::Rewrap { cert, generation, .. }
        | Self::Rollback { cert, generation, .. }
        | Self::TakeOver { to: cert, generation, .. }) = &mut self
        else {
            return self;
        };
        if *generation == CURRENT {
            *generation = current(*cert);
        }
        self
    }

    /// What a store answers.
    pub(super) async fn of_store(self, store: &dyn CertStore, world: &World, now: Timestamp) -> String {
        let quota = |live| Quota { live, total: World::TOTAL };
        match self {
            Self::Bind { cert, by, generation, target } => {
                let (owner, target) = (world.owner(by), world.target(target));
                let options = BindOptions::default();
                let id = world.id(cert);
                shown(store.bind(id, &owner, Generation(generation), &target, options, now).await)
            }
            Self::Delete { cert, by } => {
                shown(store.delete_if_unbound(world.id(cert), &world.owner(by), now).await)
            }
            Self::Insert { cert, content, kek, live } => {
                let mut new = world.sample(cert.0, content).new_cert();
                new.id = world.id(cert);
                new.name = "alike".into();
                new.sealed_key = world.sealed_key(kek);
                let inserted = store.insert(new, quota(live), now).await;
                shown(inserted.map(|inserted| (inserted.id, inserted.generation, inserted.existing)))
            }
            Self::Move { target, from, to, cert, generation } => {
                let (from, to, id) = (world.owner(from), world.owner(to), world.id(cert));
                shown(
                    store
                        .move_binding(&world.target(target), &from, &to, id, Generation(generation), now)
                        .await,
                )
            }
            Self::Replace { cert, generation, content, kek, live } => {
                let version = world.version(cert.0, content, kek);
                shown(store.replace(world.id(cert), Generation(generation), version, quota(live), now).await)
            }
            Self::Retire { kek } => shown(store.retire(&world.kek(kek), now).await),
            Self::Rewrap { cert, generation, from, to } => {
                let (id, key) = (world.id(cert), world.sealed_key(to));
                shown(store.rewrap(id, Generation(generation), &world.kek(from), key, now).await)
            }
            Self::Rollback { cert, generation, kek, live } => {
                let (id, key) = (world.id(cert), world.sealed_key(kek));
                shown(store.rollback(id, Generation(generation), key, quota(live), now).await)
            }
            Self::TakeOver { target, from, to, generation, by } => {
                let (target, from, to) = (world.target(target), world.id(from), world.id(to));
                shown(store.take_over(&target, from, to, Generation(generation), &world.owner(by), now).await)
            }
            Self::Unbind { target, by } => {
                shown(store.unbind(&world.target(target), &world.owner(by), now).await)
            }
            Self::Wait { .. } => shown(Ok(())),
        }
    }
}

/// Stands for the generation that stands.
const CURRENT: u64 = 0;

/// An answer as text: the value, or the rule of the refusal.
pub(super) fn shown<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.rule().to_owned(),
    }
}

/// Owners, domains and key-encryption keys of one round.
pub(super) struct World {
    round: u64,
}

impl World {
    pub(super) const OWNERS: usize = 2;
    pub(super) const CERTS: usize = 4;
    /// How many certificates an owner may have.
    pub(super) const TOTAL: u64 = 3;
    pub(super) const CONTENTS: usize = 5;
    pub(super) const TARGETS: usize = 4;
    pub(super) const KEKS: usize = 2;

    pub(super) const fn new(round: u64) -> Self {
        Self { round }
    }

    pub(super) fn owner(&self, number: usize) -> OwnerId {
        owner(&format!("owner {number} of round {}", self.round))
    }

    pub(super) fn id(&self, (owner, number): CertNumber) -> CertId {
        let millis = 1_795_000_000_000 + self.round;
        CertId::from_parts(millis, self.owner(owner).shard(), (owner * Self::CERTS + number) as u64)
    }

    pub(super) fn target(&self, number: usize) -> Target {
        let round = self.round;
        let domain =
            [format!("a.r{round}.example"), format!("b.r{round}.example")][number % 2].parse().unwrap();
        match number {
            0 | 1 => Target::cdn(domain),
            2 => Target::storage(domain),
            _ => self.target(0).alternate(),
        }
    }

    /// The other slot of a target's domain, where the world has both.
    pub(super) const fn other_slot(target: usize) -> Option<usize> {
        match target {
            0 => Some(3),
            3 => Some(0),
            _ => None,
        }
    }

    pub(super) fn kek(&self, number: usize) -> KekId {
        KekId::new(&format!("round-{}-kek-{number}", self.round)).unwrap()
    }

    pub(super) fn number_of(&self, kek: &KekId) -> usize {
        (0..Self::KEKS).find(|&number| self.kek(number) == *kek).unwrap()
    }

    pub(super) fn sealed_key(&self, kek: usize) -> SealedKey {
        let kek = self.kek(kek);
        let length = (kek.as_str().len() as u16).to_be_bytes();
        SealedKey::from_bytes([&b"\x01\x01"[..], &length, kek.as_str().as_bytes()].concat()).unwrap()
    }

    /// What a content covers, of the targets.
    pub(super) const fn covers(content: usize, target: usize) -> bool {
        content != 0 || target != 1
    }

    /// When a content ends, in seconds from the start.
    pub(super) const fn end(content: usize) -> i64 {
        [100, 200, 400, 50, 1000][content]
    }

    fn sample(&self, owner: usize, content: usize) -> Sample {
        let domain = format!("r{}.example", self.round);
        let names = match content {
            0 => vec![format!("a.{domain}")],
            2 => vec![format!("b.{domain}"), format!("a.{domain}")],
            _ => vec![format!("*.{domain}")],
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Sample::new(&self.owner(owner), content as u64).names(&names).ending(now() + Self::end(content))
    }

    fn version(&self, owner: usize, content: usize, kek: usize) -> NewVersion {
        NewVersion { sealed_key: self.sealed_key(kek), ..self.sample(owner, content).new_version() }
    }

    pub(super) fn content_of(&self, leaf: &LeafFacts) -> usize {
        let end = leaf.not_after.seconds_since(now());
        (0..Self::CONTENTS).find(|&content| Self::end(content) == end).unwrap()
    }
}
