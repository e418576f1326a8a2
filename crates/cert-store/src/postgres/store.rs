//! The contract, call by call.

use std::sync::Arc;

use async_trait::async_trait;
use cert_core::Timestamp;

use super::{
    PostgresStore,
    error::raised,
    rows::{self, Columns},
    values::{Version, behind, count, labels, number, target, text},
};
use crate::{
    BindOptions, Binding, CertId, CertRecord, CertStore, CertSummary, ClaimName, Entry, EntryKey, Event,
    Expiring, FeedMarker, FindBy, Generation, Inserted, KekId, NewCert, NewVersion, OwnerId, PageSize, Quota,
    SealedKey, SealedUnder, StoreError, Target, Totals, Usage,
};

#[async_trait]
impl CertStore for PostgresStore {
    async fn insert(&self, cert: NewCert, quota: Quota, now: Timestamp) -> Result<Inserted, StoreError> {
        let version = Version::new(&cert.common_name, &cert.leaf, &cert.chain, &cert.sealed_key)?;
        let answer = self
            .step(
                &self.calls.insert,
                &[
                    &number(cert.id.shard()),
                    &&cert.id.0[..],
                    &cert.owner.as_str(),
                    &text(&cert.name),
                    &labels(&cert.labels),
                    &version,
                    &count(quota.live),
                    &count(quota.total),
                    &now.as_unix(),
                ],
            )
            .await?
            .done(None)?;
        Ok(Inserted {
            id: answer.id().unwrap_or(cert.id),
            generation: answer.generation()?,
            existing: answer.is("existing"),
        })
    }

    async fn get(&self, id: CertId) -> Result<CertRecord, StoreError> {
        let call = &self.calls.get;
        let rows = self.sessions.read(call, &[&number(id.shard()), &&id.0[..]]).await?;
        let record = rows::first(call.operation, rows, |columns| {
            let (summary, chain) = (columns.summary()?, columns.chain()?);
            Ok(CertRecord { summary, chain, previous: columns.previous()? })
        })?;
        record.ok_or(StoreError::NotFound { id })
    }

    async fn sealed_key(&self, id: CertId, generation: Generation) -> Result<SealedKey, StoreError> {
        let call = &self.calls.sealed_key;
        let parameters = [&number(id.shard()) as _, &&id.0[..] as _, &(generation.0 as i64) as _];
        let rows = self.sessions.read(call, &parameters).await?;
        rows::first(call.operation, rows, |columns| columns.sealed_key())?.ok_or(StoreError::NotFound { id })
    }

    async fn page(
        &self,
        owner: &OwnerId,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        let call = &self.calls.page;
        let (shard, after) = (number(owner.shard()), after_id(after.as_ref()));
        self.sessions
            .list(call, &[&shard, &owner.as_str(), &after, &items(size)], |columns| columns.summary())
            .await
    }

    async fn find(
        &self,
        owner: &OwnerId,
        by: &FindBy,
        after: Option<CertId>,
        size: PageSize,
    ) -> Result<Vec<Arc<CertSummary>>, StoreError> {
        let (shard, owner) = (number(owner.shard()), owner.as_str());
        let (after, size) = (after_id(after.as_ref()), items(size));
        let (kind, value) = match by {
            FindBy::Covering(domain) => {
                let call = &self.calls.find_covering;
                let wildcard = domain.covering_wildcard();
                // A domain that no wildcard covers is looked for twice, which a union shows once.
                let wildcard = wildcard.as_ref().unwrap_or(domain).as_str().as_bytes();
                let exact = domain.as_str().as_bytes();
                let parameters =
                    [&shard as _, &owner as _, &exact as _, &wildcard as _, &after as _, &size as _];
                return self.sessions.list(call, &parameters, |columns| columns.summary()).await;
            }
            FindBy::Name(name) => (NAME, name.as_str().as_bytes().to_vec()),
            FindBy::Label { key, value } => (LABEL, [key.as_bytes(), b"\0", value.as_bytes()].concat()),
            FindBy::Leaf(fingerprint) => (LEAF, fingerprint.as_bytes().to_vec()),
            FindBy::Spki(fingerprint) => (SPKI, fingerprint.as_bytes().to_vec()),
        };
        let call = &self.calls.find;
        self.sessions
            .list(call, &[&shard, &owner, &kind, &value, &after, &size], |columns| columns.summary())
            .await
    }

    async fn replace(
        &self,
        id: CertId,
        generation: Generation,
        version: NewVersion,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let version_row =
            Version::new(&version.common_name, &version.leaf, &version.chain, &version.sealed_key)?;
        let answer = self
            .step(
                &self.calls.replace,
                &[
                    &number(id.shard()),
                    &&id.0[..],
                    &(generation.0 as i64),
                    &version_row,
                    &version.labels.as_ref().map(labels),
                    &count(quota.live),
                    &now.as_unix(),
                ],
            )
            .await?;
        answer.done(None)?.generation()
    }

    async fn rollback(
        &self,
        id: CertId,
        generation: Generation,
        sealed_key: SealedKey,
        quota: Quota,
        now: Timestamp,
    ) -> Result<Generation, StoreError> {
        let answer = self
            .step(
                &self.calls.rollback,
                &[
                    &number(id.shard()),
                    &&id.0[..],
                    &(generation.0 as i64),
                    &sealed_key.kek_id().as_str(),
                    &sealed_key.as_bytes(),
                    &count(quota.live),
                    &now.as_unix(),
                ],
            )
            .await?;
        answer.done(None)?.generation()
    }

    async fn delete_if_unbound(&self, id: CertId, owner: &OwnerId, now: Timestamp) -> Result<(), StoreError> {
        let parameters =
            [&number(id.shard()) as _, &&id.0[..] as _, &owner.as_str() as _, &now.as_unix() as _];
        self.step(&self.calls.delete, &parameters).await?.done(None).map(drop)
    }

    async fn claim(
        &self,
        name: &ClaimName,
        expected: Option<&[u8]>,
        value: &[u8],
        _now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        let call = &self.calls.claim;
        let row = self.value(call, &[&name.as_str(), &expected, &value]).await?;
        let standing = Columns::of(&row).take::<Option<Vec<u8>>>();
        Ok(standing.map_err(|source| rows::corrupt(call.operation, source))?.unwrap_or_default())
    }

    async fn claimed(&self, name: &ClaimName) -> Result<Option<Vec<u8>>, StoreError> {
        let call = &self.calls.claimed;
        let rows = self.sessions.read(call, &[&name.as_str()]).await?;
        rows::first(call.operation, rows, |columns| columns.take())
    }

    async fn usage(&self, owner: &OwnerId, now: Timestamp) -> Result<Usage, StoreError> {
        let call = &self.calls.usage;
        let parameters = [&number(owner.shard()) as _, &owner.as_str() as _, &now.as_unix() as _];
        let rows = self.sessions.read(call, &parameters).await?;
        let usage = rows::first(call.operation, rows, |columns| {
            Ok(Usage { total: columns.count()?, live: columns.count()? })
        })?;
        Ok(usage.unwrap_or_default())
    }

    async fn bind(
        &self,
        id: CertId,
        owner: &OwnerId,
        generation: Generation,
        bound: &Target,
        options: BindOptions,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let (kind, domain, slot) = target(bound);
        let answer = self
            .step(
                &self.calls.bind,
                &[
                    &number(id.shard()),
                    &&id.0[..],
                    &owner.as_str(),
                    &(generation.0 as i64),
                    &kind,
                    &domain,
                    &slot,
                    &options.force_https,
                    &options.http2,
                    &now.as_unix(),
                ],
            )
            .await?;
        Ok(answer.done(Some(bound))?.id())
    }

    async fn take_over(
        &self,
        bound: &Target,
        from: CertId,
        to: CertId,
        generation: Generation,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (kind, domain, slot) = target(bound);
        let answer = self
            .step(
                &self.calls.take_over,
                &[
                    &kind,
                    &domain,
                    &slot,
                    &number(owner.shard()),
                    &&from.0[..],
                    &&to.0[..],
                    &(generation.0 as i64),
                    &owner.as_str(),
                    &now.as_unix(),
                ],
            )
            .await?;
        answer.done(Some(bound)).map(drop)
    }

    async fn move_binding(
        &self,
        bound: &Target,
        from: &OwnerId,
        to: &OwnerId,
        id: CertId,
        generation: Generation,
        now: Timestamp,
    ) -> Result<CertId, StoreError> {
        let (kind, domain, slot) = target(bound);
        let answer = self
            .step(
                &self.calls.move_binding,
                &[
                    &kind,
                    &domain,
                    &slot,
                    &number(from.shard()),
                    &from.as_str(),
                    &to.as_str(),
                    &number(id.shard()),
                    &&id.0[..],
                    &(generation.0 as i64),
                    &now.as_unix(),
                ],
            )
            .await?
            .done(Some(bound))?;
        Ok(answer.id().unwrap_or(id))
    }

    async fn unbind(
        &self,
        bound: &Target,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Option<CertId>, StoreError> {
        let (kind, domain, slot) = target(bound);
        let owner_shard = number(owner.shard());
        let answer = self
            .step(&self.calls.unbind, &[&kind, &domain, &slot, &owner_shard, &owner.as_str(), &now.as_unix()])
            .await?;
        Ok(answer.done(Some(bound))?.id())
    }

    async fn bound(&self, bound: &Target) -> Result<Option<Binding>, StoreError> {
        let (call, (kind, domain, slot)) = (&self.calls.bound, target(bound));
        let rows = self.sessions.read(call, &[&kind, &domain, &slot]).await?;
        rows::first(call.operation, rows, |columns| columns.binding())
    }

    async fn bindings(&self, id: CertId) -> Result<Vec<Binding>, StoreError> {
        let call = &self.calls.bindings;
        self.sessions.list(call, &[&number(id.shard()), &&id.0[..]], |columns| columns.binding()).await
    }

    async fn bound_by(
        &self,
        owner: &OwnerId,
        after: Option<&Target>,
        size: PageSize,
    ) -> Result<Vec<Binding>, StoreError> {
        let (call, (kind, domain, slot)) = (&self.calls.bound_by, behind(after));
        let parameters = [&owner.as_str() as _, &kind as _, &domain as _, &slot as _, &items(size) as _];
        self.sessions.list(call, &parameters, |columns| columns.binding()).await
    }

    async fn bound_all(&self, after: Option<&Target>, size: PageSize) -> Result<Vec<Binding>, StoreError> {
        let (call, (kind, domain, slot)) = (&self.calls.bound_all, behind(after));
        self.sessions.list(call, &[&kind, &domain, &slot, &items(size)], |columns| columns.binding()).await
    }

    async fn expiring(
        &self,
        before: Timestamp,
        after: Option<(Timestamp, CertId)>,
        size: PageSize,
    ) -> Result<Vec<Expiring>, StoreError> {
        let call = &self.calls.expiring;
        let (end, id) = after.map_or((i64::MIN, None), |(end, id)| (end.as_unix(), Some(id)));
        let id = after_id(id.as_ref());
        self.sessions
            .list(call, &[&before.as_unix(), &end, &id, &items(size)], |columns| {
                Ok(Expiring { cert: columns.summary()?, is_bound: columns.take()? })
            })
            .await
    }

    async fn head(&self) -> Result<FeedMarker, StoreError> {
        self.number_all().await?;
        let call = &self.calls.head;
        let rows = self.sessions.read(call, &[]).await?;
        let head = rows::first(call.operation, rows, |columns| {
            Ok(FeedMarker::new(columns.take::<i64>()? as u64, columns.count()?))
        })?;
        head.ok_or_else(|| rows::corrupt(call.operation, "the feed has no row".into()))
    }

    async fn changes(&self, after: FeedMarker, size: PageSize) -> Result<Vec<Event>, StoreError> {
        let call = &self.calls.changes;
        let Ok(position) = i64::try_from(after.position()) else {
            return Err(StoreError::MarkerTooOld);
        };
        let parameters =
            [&(after.epoch() as i64) as _, &position as _, &items(size) as _, &NUMBERED_AT_ONCE as _];
        match self.sessions.try_read(call, &parameters).await {
            Ok(rows) => rows::all(call.operation, rows, |columns| columns.event(after.epoch())),
            Err(failure) if failure.code().is_some_and(|code| code.code() == raised::MARKER_TOO_OLD) => {
                Err(StoreError::MarkerTooOld)
            }
            Err(failure) => Err(failure.of_read(call.operation)),
        }
    }

    async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.number_all().await?;
        let call = &self.calls.prune;
        let row = self.value(call, &[&before.as_unix()]).await?;
        Columns::of(&row).count().map_err(|source| rows::corrupt(call.operation, source))
    }

    async fn sealed_under(
        &self,
        kek: &KekId,
        after: Option<(CertId, Generation)>,
        size: PageSize,
    ) -> Result<Vec<SealedUnder>, StoreError> {
        let call = &self.calls.sealed_under;
        let (id, generation) = after.map_or((None, 0), |(id, generation)| (Some(id), generation.0 as i64));
        let parameters =
            [&kek.as_str() as _, &after_id(id.as_ref()) as _, &generation as _, &items(size) as _];
        self.sessions.list(call, &parameters, |columns| columns.sealed_under()).await
    }

    async fn rewrap(
        &self,
        id: CertId,
        generation: Generation,
        from: &KekId,
        sealed_key: SealedKey,
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        let (kek, sealed) = (sealed_key.kek_id().as_str(), sealed_key.as_bytes());
        let answer = self
            .step(
                &self.calls.rewrap,
                &[&number(id.shard()), &&id.0[..], &(generation.0 as i64), &from.as_str(), &kek, &sealed],
            )
            .await?;
        answer.done(None).map(drop)
    }

    async fn retire(&self, kek: &KekId, _now: Timestamp) -> Result<(), StoreError> {
        self.step(&self.calls.retire, &[&kek.as_str()]).await?.done(None).map(drop)
    }

    async fn export(&self, after: Option<&EntryKey>, size: PageSize) -> Result<Vec<Entry>, StoreError> {
        self.entries(after, size.get()).await
    }

    async fn import(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        self.import_entry(entry, now).await
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let call = &self.calls.totals;
        let rows = self.sessions.read(call, &[]).await?;
        let totals = rows::first(call.operation, rows, |columns| {
            Ok(Totals { certificates: columns.count()?, bindings: columns.count()? })
        })?;
        Ok(totals.unwrap_or_default())
    }
}

impl PostgresStore {
    /// Numbers all that was committed before, some at a time, so that no single step is long.
    async fn number_all(&self) -> Result<(), StoreError> {
        let call = &self.calls.number_changes;
        loop {
            let row = self.value(call, &[&NUMBERED_AT_ONCE]).await?;
            let numbered: i64 =
                Columns::of(&row).take().map_err(|source| rows::corrupt(call.operation, source))?;
            if numbered < NUMBERED_AT_ONCE {
                return Ok(());
            }
        }
    }
}

const NUMBERED_AT_ONCE: i64 = 10_000;

/// Kinds of lookup keys; 0 is the upload.
const NAME: i16 = 1;
const LABEL: i16 = 2;
const LEAF: i16 = 3;
const SPKI: i16 = 4;

/// The empty string is before every id.
fn after_id(after: Option<&CertId>) -> &[u8] {
    after.map_or(&[], |id| &id.0[..])
}

const fn items(size: PageSize) -> i64 {
    size.get() as i64
}
