//! The maps, and the steps of one certificate.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use cert_core::{Fingerprint, Timestamp};

use super::feed::Feed;
use crate::{
    BindOptions, CertId, CertRecord, CertSummary, Change, ClaimName, Expiring, Generation, Inserted, KekId,
    NewCert, OwnerId, PreviousVersion, Quota, SealedKey, ServedChain, StoreError, Target, Totals,
    precondition, quota::Account,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) certs: BTreeMap<CertId, Stored>,
    pub(super) owners: HashMap<OwnerId, Owner>,
    /// All certificates by their end.
    pub(super) ends: BTreeSet<(Timestamp, CertId)>,
    pub(super) bound: BTreeMap<Target, Held>,
    pub(super) claims: BTreeMap<ClaimName, Vec<u8>>,
    pub(super) retired: BTreeSet<KekId>,
    pub(super) feed: Feed,
}

#[derive(Debug)]
pub(super) struct Stored {
    pub(super) summary: Arc<CertSummary>,
    pub(super) chain: ServedChain,
    pub(super) sealed_key: SealedKey,
    pub(super) previous: Option<Kept>,
    pub(super) targets: BTreeSet<Target>,
}

/// A version that was replaced.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) version: Arc<PreviousVersion>,
    pub(super) chain: ServedChain,
    pub(super) sealed_key: SealedKey,
}

/// A target that a certificate is bound to.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) id: CertId,
    pub(super) options: BindOptions,
}

#[derive(Debug, Default)]
pub(super) struct Owner {
    pub(super) account: Option<Account>,
    certs: BTreeSet<CertId>,
    ends: BTreeSet<(Timestamp, CertId)>,
    uploads: BTreeSet<(Fingerprint, CertId)>,
}

impl Stored {
    pub(super) fn to_record(&self) -> CertRecord {
        CertRecord {
            summary: Arc::clone(&self.summary),
            chain: self.chain.clone(),
            previous: self.previous.as_ref().map(|kept| Arc::clone(&kept.version)),
        }
    }

    pub(super) fn sealed_key(&self, generation: Generation) -> Option<&SealedKey> {
        if generation == self.summary.generation {
            return Some(&self.sealed_key);
        }
        self.previous
            .as_ref()
            .filter(|kept| kept.version.generation == generation)
            .map(|kept| &kept.sealed_key)
    }
}

impl State {
    pub(super) fn insert(
        &mut self,
        cert: NewCert,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Inserted, StoreError> {
        if let Some(id) = self.same_upload(&cert.owner, cert.upload_digest()) {
            return Ok(Inserted { id, generation: self.cert(id)?.summary.generation, existing: true });
        }
        if self.certs.contains_key(&cert.id) {
            return Err(StoreError::AlreadyExists { id: cert.id });
        }
        self.is_usable(&cert.sealed_key)?;
        let mut account = self.account(&cert.owner, now);
        if let Some(limit) = quota.reached_by(account.usage()) {
            return Err(StoreError::QuotaExceeded { owner: cert.owner, limit });
        }
        account.add(cert.leaf.not_after);
        self.set_account(&cert.owner, account);
        let summary = Arc::new(CertSummary::of_new(&cert, now));
        let NewCert { id, chain, sealed_key, .. } = cert;
        self.put(Stored { summary, chain, sealed_key, previous: None, targets: BTreeSet::new() });
        self.record(Change::Cert(id), now);
        Ok(Inserted { id, generation: Generation::FIRST, existing: false })
    }

    pub(super) fn delete(&mut self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        let stored = self.cert(id)?;
        precondition::owned_by(&stored.summary, owner)?;
        precondition::is_unbound(id, &stored.targets)?;
        let not_after = stored.summary.leaf.not_after;
        let mut account = self.account(owner, now);
        account.remove(not_after);
        self.set_account(owner, account);
        self.take(id)?;
        self.record(Change::Cert(id), now);
        Ok(())
    }

    /// Sets a claim if what is expected stands, and gives what stands then.
    pub(super) fn claim(&mut self, name: &ClaimName, expected: Option<&[u8]>, value: &[u8]) -> Vec<u8> {
        if self.claims.get(name).map(Vec::as_slice) == expected {
            self.claims.insert(name.clone(), value.to_vec());
        }
        self.claims.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn cert(&self, id: CertId) -> Result<&Stored, StoreError> {
        self.certs.get(&id).ok_or(StoreError::NotFound { id })
    }

    pub(super) fn certs_of(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
    ) -> impl Iterator<Item = &Arc<CertSummary>> {
        let ids = self.owners.get(owner).into_iter().flat_map(move |owner| owner.certs.range(behind(after)));
        ids.filter_map(|id| self.certs.get(id)).map(|stored| &stored.summary)
    }

    pub(super) fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
    ) -> impl Iterator<Item = Expiring> {
        let ends = self.ends.range(behind(after)).take_while(move |(end, _)| *end < before);
        ends.filter_map(|(_, id)| self.certs.get(id)).map(|stored| Expiring {
            cert: Arc::clone(&stored.summary),
            is_bound: !stored.targets.is_empty(),
        })
    }

    pub(super) fn totals(&self) -> Totals {
        Totals { certificates: self.certs.len() as u64, bindings: self.bound.len() as u64 }
    }

    /// The owner's account, brought to `now`.
    pub(super) fn account(&self, owner: &OwnerId, now: Timestamp) -> Account {
        let owner = self.owners.get(owner);
        let mut account = owner.and_then(|owner| owner.account).unwrap_or_else(|| Account::new(now));
        let (after, until) = account.window(now);
        if after < until {
            let ends =
                owner.map(|owner| owner.ends.range((after + 1, CertId::MIN)..(until + 1, CertId::MIN)));
            account.advance((after, until), ends.map_or(0, Iterator::count) as u64);
        }
        account
    }

    pub(super) fn set_account(&mut self, owner: &OwnerId, account: Account) {
        self.owners.entry(owner.clone()).or_default().account = Some(account);
    }

    /// Stores a certificate under all its keys.
    pub(super) fn put(&mut self, stored: Stored) {
        let cert = &stored.summary;
        let owner = self.owners.entry(cert.owner.clone()).or_default();
        owner.certs.insert(cert.id);
        owner.ends.insert((cert.leaf.not_after, cert.id));
        owner.uploads.insert((cert.upload_digest(&stored.chain), cert.id));
        self.ends.insert((cert.leaf.not_after, cert.id));
        self.certs.insert(cert.id, stored);
    }

    /// Takes a certificate out from under all its keys.
    pub(super) fn take(&mut self, id: CertId) -> Result<Stored, StoreError> {
        let stored = self.certs.remove(&id).ok_or(StoreError::NotFound { id })?;
        let cert = &stored.summary;
        let owner = self.owners.entry(cert.owner.clone()).or_default();
        owner.certs.remove(&id);
        owner.ends.remove(&(cert.leaf.not_after, id));
        owner.uploads.remove(&(cert.upload_digest(&stored.chain), id));
        self.ends.remove(&(cert.leaf.not_after, id));
        Ok(stored)
    }

    fn same_upload(&self, owner: &OwnerId, digest: Fingerprint) -> Option<CertId> {
        let first = self.owners.get(owner)?.uploads.range((digest, CertId::MIN)..).next();
        first.filter(|(found, _)| *found == digest).map(|&(_, id)| id)
    }
}

/// From right behind a key, or from the start.
pub(super) fn behind<K>(key: Option<K>) -> (Bound<K>, Bound<K>) {
    (key.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}
