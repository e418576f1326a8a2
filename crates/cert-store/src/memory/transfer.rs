//! Export and import.

use std::sync::Arc;

use cert_core::Timestamp;

use super::state::{Held, Kept, State, Stored, behind};
use crate::{BindingEntry, CertEntry, ClaimName, Entry, EntryKey, KekId, PreviousEntry, StoreError, Target};

impl State {
    /// The entries behind one, in the order of their keys.
    pub(super) fn export(&self, after: Option<&EntryKey>, size: usize) -> Vec<Entry> {
        let (cert, claim, retired) = match after {
            None => (None, None, None),
            Some(EntryKey::Cert(id)) => (Some(*id), None, None),
            Some(EntryKey::Claim(name)) => (LAST, Some(name.clone()), None),
            Some(EntryKey::Retired(kek)) => (LAST, self.claims.keys().last().cloned(), Some(kek.clone())),
        };
        let certs = self.certs.range(behind(cert)).map(|(_, stored)| self.cert_entry(stored));
        let claims = self.claims.range(behind(claim));
        let claims = claims.map(|(name, value)| Entry::Claim { name: name.clone(), value: value.clone() });
        let retired = self.retired.range(behind(retired)).map(|kek| Entry::Retired(kek.clone()));
        certs.map(|cert| Entry::Cert(Box::new(cert))).chain(claims).chain(retired).take(size).collect()
    }

    /// Puts an entry back, and says whether it was not there.
    pub(super) fn import(&mut self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        let key = entry.key();
        let is_new = match entry {
            Entry::Cert(cert) => self.import_cert(*cert, now),
            Entry::Claim { name, value } => self.import_claim(name, value),
            Entry::Retired(kek) => self.import_retired(kek),
        }?;
        match is_new {
            Some(true) => self.feed.head.renew(),
            Some(false) => {}
            None => return Err(StoreError::Conflict { key }),
        }
        Ok(is_new == Some(true))
    }

    /// `None` is a conflict, here and below.
    fn import_cert(&mut self, cert: CertEntry, now: Timestamp) -> Result<Option<bool>, StoreError> {
        if let Some(stored) = self.certs.get(&cert.summary.id) {
            return Ok((self.cert_entry(stored) == cert).then_some(false));
        }
        let is_taken = |target: &Target| {
            let other = self.binding(&target.other_slot());
            self.bound.contains_key(target) || other.is_some_and(|other| other.owner != cert.summary.owner)
        };
        if cert.bindings.iter().any(|binding| is_taken(&binding.target)) {
            return Ok(None);
        }
        cert.sealed_keys().try_for_each(|(_, sealed_key)| self.is_usable(sealed_key))?;
        let CertEntry { summary, chain, sealed_key, previous, bindings } = cert;
        let mut account = self.account(&summary.owner, now);
        account.add(summary.leaf.not_after);
        self.set_account(&summary.owner, account);
        let previous =
            previous.map(|PreviousEntry { version, chain, sealed_key }| Kept { version, chain, sealed_key });
        let targets = bindings.iter().map(|binding| binding.target.clone()).collect();
        for BindingEntry { target, options } in bindings {
            self.bound.insert(target, Held { id: summary.id, options });
        }
        self.put(Stored { summary, chain, sealed_key, previous, targets });
        Ok(Some(true))
    }

    fn import_claim(&mut self, name: ClaimName, value: Vec<u8>) -> Result<Option<bool>, StoreError> {
        if let Some(standing) = self.claims.get(&name) {
            return Ok((*standing == value).then_some(false));
        }
        self.claims.insert(name, value);
        Ok(Some(true))
    }

    fn import_retired(&mut self, kek: KekId) -> Result<Option<bool>, StoreError> {
        if self.sealed_under(&kek, None).next().is_some() {
            return Ok(None);
        }
        Ok(Some(self.retired.insert(kek)))
    }

    fn cert_entry(&self, stored: &Stored) -> CertEntry {
        let previous = stored.previous.as_ref().map(|kept| PreviousEntry {
            version: Arc::clone(&kept.version),
            chain: kept.chain.clone(),
            sealed_key: kept.sealed_key.clone(),
        });
        let held = stored.targets.iter().filter_map(|target| Some((target, self.bound.get(target)?)));
        let bindings =
            held.map(|(target, held)| BindingEntry { target: target.clone(), options: held.options });
        CertEntry {
            summary: Arc::clone(&stored.summary),
            chain: stored.chain.clone(),
            sealed_key: stored.sealed_key.clone(),
            previous,
            bindings: bindings.collect(),
        }
    }
}

/// The last possible id.
const LAST: Option<crate::CertId> = Some(crate::CertId([0xff; 12]));
