//! The contract once more, as short as it gets: everything is counted anew whenever it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use cert_core::Timestamp;

use super::{
    super::now,
    step::{CertNumber, Step, World},
};
use crate::{CertId, Generation};

#[derive(Default)]
pub(super) struct Plain {
    certs: BTreeMap<CertNumber, Cert>,
    bound: BTreeMap<usize, CertNumber>,
    retired: BTreeSet<usize>,
    seconds: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Cert {
    pub(super) generation: u64,
    pub(super) content: usize,
    pub(super) kek: usize,
    /// Generation, content and key-encryption key.
    pub(super) previous: Option<(u64, usize, usize)>,
    pub(super) superseded_by: Option<CertId>,
}

impl Plain {
    pub(super) fn now(&self) -> Timestamp {
        now() + self.seconds
    }

    /// The generation of a certificate, or that of one that is yet to come.
    pub(super) fn generation(&self, number: CertNumber) -> u64 {
        self.certs.get(&number).map_or(1, |cert| cert.generation)
    }

    /// Takes a step, and gives the answer that it must have.
    pub(super) fn take(&mut self, step: Step, world: &World) -> String {
        match self.decide(step, world) {
            Ok(answer) => answer,
            Err(rule) => rule.to_owned(),
        }
    }

    /// What must be seen, in the form of `see`.
    pub(super) fn seen(&self, world: &World) -> Vec<String> {
        let mut seen = Vec::new();
        for owner in 0..World::OWNERS {
            seen.push(format!("usage {} {}", self.live(owner), self.of(owner).count()));
            for (number, cert) in self.of(owner) {
                seen.push(format!("{} {cert:?}", world.id(*number)));
                seen.push(format!("bindings {}", self.targets_of(*number).count()));
            }
        }
        for target in 0..World::TARGETS {
            let bound =
                self.bound.get(&target).map(|number| (world.id(*number), self.certs[number].generation));
            seen.push(format!("{bound:?}"));
        }
        for kek in 0..World::KEKS {
            let mut under = Vec::new();
            for (number, cert) in &self.certs {
                let kept =
                    cert.previous.filter(|&(_, _, under)| under == kek).map(|(generation, ..)| generation);
                let standing = Some(cert.generation).filter(|_| cert.kek == kek);
                under.extend(
                    kept.into_iter().chain(standing).map(|generation| (world.id(*number), generation)),
                );
            }
            under.sort();
            seen.push(format!("under {under:?}"));
        }
        seen
    }

    fn decide(&mut self, step: Step, world: &World) -> Result<String, &'static str> {
        match step {
            Step::Bind { cert, by, generation, target } => {
                self.owned(cert, by)?;
                self.may_serve(cert, generation, target)?;
                let before = self.bound.get(&target).copied();
                if before.or_else(|| self.at_other_slot(target)).is_some_and(|before| before.0 != by) {
                    return Err("bound_elsewhere");
                }
                self.bound.insert(target, cert);
                Ok(format!("{:?}", before.filter(|&before| before != cert).map(|before| world.id(before))))
            }
            Step::Delete { cert, by } => {
                self.owned(cert, by)?;
                if self.targets_of(cert).next().is_some() {
                    return Err("still_bound");
                }
                self.certs.remove(&cert);
                Ok("()".into())
            }
            Step::Insert { cert, content, kek, live } => self.insert(cert, content, kek, live, world),
            Step::Move { target, from, to, cert, generation } => {
                self.owned(cert, to)?;
                let other = self.at_other_slot(target).filter(|_| from != to);
                let before = self.bound.get(&target).copied().or(other).ok_or("stale")?;
                if self.bound.get(&target) != Some(&cert) {
                    if before.0 != from {
                        return Err("stale");
                    }
                    self.may_serve(cert, generation, target)?;
                    self.bound.insert(target, cert);
                    if let (Some(_), Some(slot)) = (other, World::other_slot(target)) {
                        self.bound.remove(&slot);
                    }
                }
                Ok(format!("{:?}", world.id(before)))
            }
            Step::Replace { cert, generation, content, kek, live } => {
                let standing = self.certs.get(&cert).ok_or("not_found")?;
                if standing.content == content {
                    return Ok(format!("{:?}", Generation(standing.generation)));
                }
                self.exchange(cert, generation, content, kek, live)
            }
            Step::Retire { kek } => {
                let is_used =
                    |cert: &Cert| cert.kek == kek || cert.previous.is_some_and(|(.., kept)| kept == kek);
                if self.certs.values().any(is_used) {
                    return Err("kek_in_use");
                }
                self.retired.insert(kek);
                Ok("()".into())
            }
            Step::Rewrap { cert, generation, from, to } => self.rewrap(cert, generation, from, to),
            Step::Rollback { cert, generation, kek, live } => {
                let standing = self.certs.get(&cert).ok_or("not_found")?;
                if standing.generation != generation {
                    return Err("stale");
                }
                let (_, content, _) = standing.previous.ok_or("no_previous")?;
                self.exchange(cert, generation, content, kek, live)
            }
            Step::TakeOver { target, from, to, generation, by } => {
                self.owned(from, by)?;
                self.owned(to, by)?;
                let held = *self.bound.get(&target).ok_or("stale")?;
                let new = world.id(to);
                if held == to && self.certs[&from].superseded_by == Some(new) {
                    return Ok("()".into());
                }
                if held != from {
                    return Err("stale");
                }
                self.may_serve(to, generation, target)?;
                if World::end(self.certs[&to].content) <= World::end(self.certs[&from].content) {
                    return Err("expired");
                }
                self.bound.insert(target, to);
                self.certs.get_mut(&from).ok_or("not_found")?.superseded_by = Some(new);
                Ok("()".into())
            }
            Step::Unbind { target, by } => {
                let before = self.bound.get(&target).copied();
                if before.is_some_and(|before| before.0 != by) {
                    return Err("bound_elsewhere");
                }
                self.bound.remove(&target);
                Ok(format!("{:?}", before.map(|before| world.id(before))))
            }
            Step::Wait { seconds } => {
                self.seconds += seconds;
                Ok("()".into())
            }
        }
    }

    fn insert(
        &mut self,
        number: CertNumber,
        content: usize,
        kek: usize,
        live: u64,
        world: &World,
    ) -> Result<String, &'static str> {
        // An upload is told by the name too, and `replace` keeps it, so content alone decides here.
        let same = self.of(number.0).find(|(_, cert)| cert.content == content);
        if let Some((number, cert)) = same {
            return Ok(format!("{:?}", (world.id(*number), Generation(cert.generation), true)));
        }
        if self.certs.contains_key(&number) {
            return Err("already_exists");
        }
        if self.retired.contains(&kek) {
            return Err("kek_retired");
        }
        if self.live(number.0) >= live || self.of(number.0).count() as u64 >= World::TOTAL {
            return Err("quota_exceeded");
        }
        let cert = Cert { generation: 1, content, kek, previous: None, superseded_by: None };
        self.certs.insert(number, cert);
        Ok(format!("{:?}", (world.id(number), Generation(1), false)))
    }

    fn exchange(
        &mut self,
        number: CertNumber,
        generation: u64,
        content: usize,
        kek: usize,
        live: u64,
    ) -> Result<String, &'static str> {
        let standing = self.certs[&number].clone();
        if standing.generation != generation {
            return Err("stale");
        }
        if !self.targets_of(number).all(|target| World::covers(content, target)) {
            return Err("would_uncover");
        }
        if self.retired.contains(&kek) {
            return Err("kek_retired");
        }
        let revives = World::end(standing.content) <= self.seconds && World::end(content) > self.seconds;
        if revives && self.live(number.0) >= live {
            return Err("quota_exceeded");
        }
        let previous = Some((generation, standing.content, standing.kek));
        self.certs.insert(number, Cert { generation: generation + 1, content, kek, previous, ..standing });
        Ok(format!("{:?}", Generation(generation + 1)))
    }

    fn rewrap(
        &mut self,
        number: CertNumber,
        generation: u64,
        from: usize,
        to: usize,
    ) -> Result<String, &'static str> {
        let retired = self.retired.contains(&to);
        let cert = self.certs.get_mut(&number).ok_or("not_found")?;
        let kept = cert.previous.as_mut().filter(|(kept, ..)| *kept == generation).map(|(.., kek)| kek);
        let kek = if cert.generation == generation { &mut cert.kek } else { kept.ok_or("not_found")? };
        if *kek == to {
            return Ok("()".into());
        }
        if *kek != from {
            return Err("stale");
        }
        if retired {
            return Err("kek_retired");
        }
        *kek = to;
        Ok("()".into())
    }

    fn owned(&self, number: CertNumber, by: usize) -> Result<(), &'static str> {
        if number.0 == by && self.certs.contains_key(&number) { Ok(()) } else { Err("not_found") }
    }

    fn may_serve(&self, number: CertNumber, generation: u64, target: usize) -> Result<(), &'static str> {
        let cert = &self.certs[&number];
        if cert.generation != generation {
            return Err("stale");
        }
        if !World::covers(cert.content, target) {
            return Err("not_covered");
        }
        if World::end(cert.content) > self.seconds { Ok(()) } else { Err("expired") }
    }

    fn at_other_slot(&self, target: usize) -> Option<CertNumber> {
        self.bound.get(&World::other_slot(target)?).copied()
    }

    fn of(&self, owner: usize) -> impl Iterator<Item = (&CertNumber, &Cert)> {
        self.certs.iter().filter(move |(number, _)| number.0 == owner)
    }

    fn live(&self, owner: usize) -> u64 {
        self.of(owner).filter(|(_, cert)| World::end(cert.content) > self.seconds).count() as u64
    }

    fn targets_of(&self, number: CertNumber) -> impl Iterator<Item = usize> {
        self.bound.iter().filter(move |(_, held)| **held == number).map(|(target, _)| *target)
    }
}
