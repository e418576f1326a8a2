//! The service once more, as short as it gets: everything is counted anew whenever it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use cert_core::Timestamp;
use cert_store::{CertId, TargetKind};

use crate::world::{
    CONTENTS, DAY, EVER, NAMES, OWNERS, QUOTA, START, TARGETS, Who, World, covers, end, may_move, sibling,
};

#[derive(Default)]
pub(crate) struct Plain {
    /// By the number of the upload that made it.
    pub(crate) certs: BTreeMap<usize, Cert>,
    /// The ids that the service gave.
    pub(crate) ids: Vec<CertId>,
    /// The one that it gave last, until the model has made the certificate.
    pub(crate) pending: Option<CertId>,
    pub(crate) bound: BTreeMap<usize, Held>,
    pub(crate) active: usize,
    retired: BTreeSet<usize>,
    days: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Cert {
    pub(crate) owner: usize,
    pub(crate) name: usize,
    pub(crate) generation: u64,
    pub(crate) content: usize,
    kek: usize,
    /// Content and key-encryption key.
    previous: Option<(usize, usize)>,
    superseded_by: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) cert: usize,
    pub(crate) options: bool,
}

/// The answer, or the rule and the number of the refusal.
pub(crate) type Answer = Result<String, String>;

fn refused<T>(rule: &str, code: Option<u32>) -> Result<T, String> {
    Err(format!("{rule} {}", code.unwrap_or_default()))
}

impl Plain {
    pub(crate) fn now(&self) -> Timestamp {
        START + self.days * DAY
    }

    pub(crate) fn wait(&mut self, days: i64) -> Answer {
        self.days += days;
        Ok(String::new())
    }

    pub(crate) fn upload(&mut self, who: Who, name: usize, content: usize, takes_over: bool) -> Answer {
        let owner = self.owner(who)?;
        self.unexpired(content)?;
        let same = self.of(owner).find(|(_, cert)| cert.name == name && cert.content == content);
        let (number, answer) = match same {
            Some((number, cert)) => (number, format!("#{number} {} existing", cert.generation)),
            None => {
                if self.live(owner) >= QUOTA.live || self.of(owner).count() as u64 >= QUOTA.total {
                    return refused("quota_exceeded", Some(400_500));
                }
                let number = self.ids.len();
                let (kek, previous, superseded_by) = (self.active, None, None);
                let cert = Cert { owner, name, generation: 1, content, kek, previous, superseded_by };
                self.certs.insert(number, cert);
                (number, format!("#{number} 1 new"))
            }
        };
        let taken = if takes_over { self.take_over(number) } else { Vec::new() };
        Ok(format!("{answer} {taken:?}"))
    }

    /// Primaries before alternates of a domain.
    fn take_over(&mut self, to: usize) -> Vec<(usize, usize)> {
        let (new, mut taken) = (self.certs[&to].clone(), Vec::new());
        for target in [0, 3, 1, 2, 4, 5, 6] {
            let Some(held) = self.bound.get(&target).copied() else { continue };
            let old = &self.certs[&held.cert];
            let renews = old.owner == new.owner
                && held.cert != to
                && covers(new.content, TARGETS[target].1)
                && end(new.content) > end(old.content);
            let is_rsa = |cert: usize| CONTENTS[self.certs[&cert].content].2;
            let other = sibling(target).and_then(|other| self.bound.get(&other));
            let is_other_s = is_rsa(held.cert) != is_rsa(to)
                && other.is_some_and(|other| is_rsa(other.cert) == is_rsa(to));
            if renews && !is_other_s {
                self.bound.insert(target, Held { cert: to, ..held });
                self.certs.get_mut(&held.cert).unwrap().superseded_by = Some(to);
                taken.push((target, held.cert));
            }
        }
        taken.sort_unstable();
        taken
    }

    pub(crate) fn inspect(&self, who: Who, content: usize) -> Answer {
        self.owner(who)?;
        Ok(self.unexpired(content).is_ok().to_string())
    }

    pub(crate) fn get(&self, who: Who, number: usize) -> Answer {
        self.owned(who, number).map(|cert| self.shown(number, cert))
    }

    pub(crate) fn private_key(&self, who: Who, number: usize) -> Answer {
        Ok(self.owned(who, number)?.content.to_string())
    }

    pub(crate) fn open_bound(&self, who: Who, number: usize) -> Answer {
        if who != Who::Edge {
            return refused("not_allowed", None);
        }
        let Some(cert) = self.certs.get(&number) else { return refused("not_found", Some(400_401)) };
        if self.targets_of(number).next().is_none() {
            return refused("not_allowed", None);
        }
        Ok(cert.content.to_string())
    }

    /// All of an owner, or those that cover a name.
    pub(crate) fn list(&self, who: Who, covering: Option<&str>) -> Answer {
        let owner = self.owner(who)?;
        let is_meant = |cert: &Cert| covering.is_none_or(|name| covers(cert.content, name));
        Ok(format!(
            "{:?}",
            self.of(owner).filter(|(_, cert)| is_meant(cert)).map(|(n, _)| n).collect::<Vec<_>>()
        ))
    }

    pub(crate) fn usage(&self, who: Who) -> Answer {
        let owner = self.owner(who)?;
        Ok(format!("{} {}", self.live(owner), self.of(owner).count()))
    }

    pub(crate) fn replace(
        &mut self,
        who: Who,
        number: usize,
        content: usize,
        expected: Option<u64>,
    ) -> Answer {
        let standing = self.owned(who, number)?.clone();
        self.unexpired(content)?;
        if standing.content == content {
            return Ok(standing.generation.to_string());
        }
        if expected.is_some_and(|expected| expected != standing.generation) {
            return refused("stale_generation", None);
        }
        self.exchange(number, content)
    }

    pub(crate) fn rollback(&mut self, who: Who, number: usize, expected: Option<u64>) -> Answer {
        let standing = self.owned(who, number)?.clone();
        if expected.is_some_and(|expected| expected != standing.generation) {
            return refused("stale_generation", None);
        }
        let Some((content, _)) = standing.previous else { return refused("no_previous", None) };
        self.exchange(number, content)
    }

    fn exchange(&mut self, number: usize, content: usize) -> Answer {
        let uncovered: BTreeSet<_> = self
            .targets_of(number)
            .map(|target| TARGETS[target].1)
            .filter(|domain| !covers(content, domain))
            .collect();
        if !uncovered.is_empty() {
            return Err(format!("would_uncover 0 {uncovered:?}"));
        }
        let standing = &self.certs[&number];
        let revives = end(standing.content) <= self.now() && end(content) > self.now();
        if revives && self.live(standing.owner) >= QUOTA.live {
            return refused("quota_exceeded", Some(400_500));
        }
        let active = self.active;
        let cert = self.certs.get_mut(&number).unwrap();
        cert.previous = Some((cert.content, cert.kek));
        (cert.content, cert.kek, cert.generation) = (content, active, cert.generation + 1);
        Ok(cert.generation.to_string())
    }

    pub(crate) fn delete(&mut self, who: Who, number: usize) -> Answer {
        self.owned(who, number)?;
        let domains: BTreeSet<_> = self.targets_of(number).map(|target| TARGETS[target].1).collect();
        if domains.is_empty() {
            self.certs.remove(&number);
            return Ok(String::new());
        }
        let is_cdn = self.targets_of(number).any(|target| TARGETS[target].0 == TargetKind::Cdn);
        Err(format!("still_bound {} {domains:?}", if is_cdn { 400_611 } else { 400_911 }))
    }

    pub(crate) fn bind(&mut self, who: Who, number: usize, target: usize, options: bool) -> Answer {
        let owner = self.owned(who, number)?.owner;
        let held = self.bound.get(&target).copied();
        let is_foreign = |held: &Held| self.certs[&held.cert].owner != owner;
        let sibling = sibling(target).filter(|other| self.bound.get(other).is_some_and(is_foreign));
        let is_elsewhere = held.as_ref().is_some_and(is_foreign) || sibling.is_some();
        self.may_serve(number, target)?;
        if is_elsewhere {
            if !may_move(target) {
                return refused("bound_elsewhere", Some(404_908));
            }
            self.bound.insert(target, Held { cert: number, options });
            sibling.map(|other| self.bound.remove(&other));
            return Ok("None".to_owned());
        }
        self.bound.insert(target, Held { cert: number, options });
        Ok(format!("{:?}", held.map(|held| held.cert).filter(|&before| before != number)))
    }

    pub(crate) fn move_binding(&mut self, who: Who, target: usize, from: usize, number: usize) -> Answer {
        self.over_all(who)?;
        let Some(cert) = self.certs.get(&number) else { return refused("not_found", Some(400_401)) };
        let to = cert.owner;
        let other = sibling(target).filter(|other| {
            from != to && self.bound.get(other).is_some_and(|held| self.certs[&held.cert].owner == from)
        });
        let before = match self.bound.get(&target).map(|held| held.cert) {
            None if other.is_some() => {
                self.may_serve(number, target)?;
                self.bound.insert(target, Held { cert: number, options: false });
                other.map_or(number, |other| self.bound[&other].cert)
            }
            Some(before) if before == number => before,
            Some(before) if self.certs[&before].owner == from => {
                self.may_serve(number, target)?;
                self.bound.insert(target, Held { cert: number, options: false });
                before
            }
            _ => return refused("stale", None),
        };
        other.map(|other| self.bound.remove(&other));
        Ok(format!("#{before}"))
    }

    pub(crate) fn unbind(&mut self, who: Who, target: usize) -> Answer {
        let owner = self.owner(who)?;
        let held = self.bound.get(&target).map(|held| held.cert);
        if held.is_some_and(|held| self.certs[&held].owner != owner) {
            return refused("bound_elsewhere", Some(404_908));
        }
        self.bound.remove(&target);
        Ok(format!("{held:?}"))
    }

    pub(crate) fn bindings(&self, who: Who, number: usize) -> Answer {
        self.owned(who, number)?;
        Ok(format!("{:?}", self.targets_of(number).collect::<Vec<_>>()))
    }

    pub(crate) fn binding(&self, who: Who, target: usize) -> Answer {
        if who != Who::Operator {
            self.owner(who)?;
        }
        match self.bound.get(&target) {
            Some(held) if self.owned(who, held.cert).is_err() => refused("bound_elsewhere", Some(404_908)),
            held => Ok(format!("{:?}", held.map(|held| (held.cert, held.options)))),
        }
    }

    pub(crate) fn bound_by(&self, who: Who) -> Answer {
        let owner = self.owner(who)?;
        let held = self.bound.iter().filter(|(_, held)| self.certs[&held.cert].owner == owner);
        Ok(format!("{:?}", held.map(|(target, held)| (*target, held.cert)).collect::<Vec<_>>()))
    }

    pub(crate) fn bound_all(&self, who: Who) -> Answer {
        self.over_bindings(who)?;
        let held = self.bound.iter().map(|(target, held)| (*target, held.cert));
        Ok(format!("{:?}", held.collect::<Vec<_>>()))
    }

    pub(crate) fn resolve(&self, who: Who, kind: TargetKind, name: &str) -> Answer {
        self.over_bindings(who)?;
        Ok(self.resolved(kind, name))
    }

    pub(crate) fn expiring(&self, who: Who, before: i64) -> Answer {
        let owner = match who {
            Who::For(owner) => Some(owner),
            Who::Operator => None,
            Who::Edge | Who::Tenant(_) => return refused("not_allowed", None),
        };
        let mut due: Vec<_> = self
            .certs
            .iter()
            .filter(|(number, cert)| {
                let is_over = cert.superseded_by.is_some() && self.targets_of(**number).next().is_none();
                end(cert.content) < START + before * DAY
                    && !is_over
                    && owner.is_none_or(|owner| cert.owner == owner)
            })
            .map(|(number, cert)| (end(cert.content), self.ids[*number], *number))
            .collect();
        due.sort_unstable();
        Ok(format!("{:?}", due.into_iter().map(|(.., number)| number).collect::<Vec<_>>()))
    }

    pub(crate) fn rewrap(&mut self, who: Who, from: usize) -> Answer {
        self.over_all(who)?;
        let active = self.active;
        if from == active {
            return refused("kek_active", None);
        }
        let mut keys = 0;
        for cert in self.certs.values_mut() {
            let kept = cert.previous.as_mut().map(|(_, kek)| kek);
            for kek in [Some(&mut cert.kek), kept].into_iter().flatten().filter(|kek| **kek == from) {
                (*kek, keys) = (active, keys + 1);
            }
        }
        Ok(keys.to_string())
    }

    pub(crate) fn retire(&mut self, who: Who, kek: usize) -> Answer {
        self.over_all(who)?;
        if kek == self.active {
            return refused("kek_active", None);
        }
        let is_under = |cert: &Cert| cert.kek == kek || cert.previous.is_some_and(|(_, kept)| kept == kek);
        if self.certs.values().any(is_under) {
            return refused("kek_in_use", None);
        }
        self.retired.insert(kek);
        Ok(String::new())
    }

    /// Everything that can be seen, in the form of `Stage::see`.
    pub(crate) fn seen(&self, _: &World) -> Vec<String> {
        let mut seen = Vec::new();
        for owner in 0..OWNERS.len() {
            seen.push(format!("{} {}", self.live(owner), self.of(owner).count()));
            seen.extend(self.of(owner).map(|(number, cert)| self.shown(number, cert)));
        }
        for target in 0..TARGETS.len() {
            seen.push(format!("{:?}", self.bound.get(&target).map(|held| (held.cert, held.options))));
        }
        seen.push(self.expiring(Who::Operator, EVER).unwrap());
        for name in NAMES {
            seen.extend([TargetKind::Cdn, TargetKind::Storage].map(|kind| self.resolved(kind, name)));
        }
        seen
    }

    /// Exact before wildcard, unexpired before expired, and no expired slot beside one that is not.
    fn resolved(&self, kind: TargetKind, name: &str) -> String {
        let slots = |domain: &str| {
            [false, true].map(|is_alternate| {
                let target = TARGETS.iter().position(|&target| target == (kind, domain, is_alternate));
                target.and_then(|target| self.bound.get(&target)).map(|held| held.cert)
            })
        };
        let is_live = |cert: &usize| end(self.certs[cert].content) > self.now();
        let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        let above = wildcard.filter(|_| !name.starts_with('*')).map_or([None; 2], |above| slots(&above));
        let ranked = [slots(name), above];
        let live = |slots: &[Option<usize>; 2]| slots.iter().flatten().any(is_live);
        let found = ranked
            .iter()
            .find(|slots| live(slots))
            .or_else(|| ranked.iter().find(|slots| slots.iter().any(Option::is_some)));
        let shown = |cert: usize| (cert, self.certs[&cert].generation);
        let found =
            found.map(|slots| slots.map(|cert| cert.filter(|cert| is_live(cert) || !live(slots)).map(shown)));
        format!("{found:?}")
    }

    fn shown(&self, number: usize, cert: &Cert) -> String {
        let Cert { owner, name, generation, content, previous, superseded_by, .. } = cert;
        let previous = previous.map(|(content, _)| content);
        format!("#{number} {owner} n{name} {generation} {content} {previous:?} {superseded_by:?}")
    }

    fn owner(&self, who: Who) -> Result<usize, String> {
        match who {
            Who::Edge => refused("not_allowed", None),
            Who::Operator => refused("owner_required", None),
            Who::For(owner) | Who::Tenant(owner) => Ok(owner),
        }
    }

    fn owned(&self, who: Who, number: usize) -> Result<&Cert, String> {
        if who == Who::Edge {
            return refused("not_allowed", None);
        }
        let Some(cert) = self.certs.get(&number) else { return refused("not_found", Some(400_401)) };
        match who {
            Who::For(owner) | Who::Tenant(owner) if owner != cert.owner => {
                refused("not_owner", Some(404_908))
            }
            _ => Ok(cert),
        }
    }

    fn over_all(&self, who: Who) -> Result<(), String> {
        if who == Who::Operator { Ok(()) } else { refused("not_allowed", None) }
    }

    fn over_bindings(&self, who: Who) -> Result<(), String> {
        if who == Who::Edge { Ok(()) } else { self.over_all(who) }
    }

    fn unexpired(&self, content: usize) -> Result<(), String> {
        if end(content) > self.now() { Ok(()) } else { refused("expired", Some(400_329)) }
    }

    fn may_serve(&self, number: usize, target: usize) -> Result<(), String> {
        let content = self.certs[&number].content;
        if !covers(content, TARGETS[target].1) {
            return refused("not_covered", None);
        }
        self.unexpired(content)
    }

    fn of(&self, owner: usize) -> impl Iterator<Item = (usize, &Cert)> {
        self.certs.iter().filter(move |(_, cert)| cert.owner == owner).map(|(number, cert)| (*number, cert))
    }

    fn live(&self, owner: usize) -> u64 {
        self.of(owner).filter(|(_, cert)| end(cert.content) > self.now()).count() as u64
    }

    fn targets_of(&self, number: usize) -> impl Iterator<Item = usize> {
        self.bound.iter().filter(move |(_, held)| held.cert == number).map(|(target, _)| *target)
    }
}
