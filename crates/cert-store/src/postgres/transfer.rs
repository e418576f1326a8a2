//! Export and import.

use cert_core::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{IsolationLevel, Row, Transaction};

use super::{
    PostgresStore,
    answer::Answer,
    error::{Failure, raised},
    rows,
    session::Parameters,
    statements::Call,
    values::{Version, labels, number, target, text},
};
use crate::{CertEntry, CertId, ClaimName, Entry, EntryKey, StoreError};

impl PostgresStore {
    /// A page of entries, all as they are at one instant.
    pub(super) async fn entries(
        &self,
        after: Option<&EntryKey>,
        size: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let deadline = self.sessions.deadline();
        let call = &self.calls.export_certs;
        let read = timeout(deadline, self.snapshot_of_entries(after, size));
        let pages = read.await.unwrap_or(Err(Failure::Deadline(deadline)));
        let [certs, claims, retired] = pages.map_err(|failure| failure.of_read(call.operation))?;
        let certs =
            rows::all(call.operation, certs, |columns| Ok(Entry::Cert(Box::new(columns.cert_entry()?))))?;
        let claims = rows::all(call.operation, claims, |columns| {
            Ok(Entry::Claim { name: ClaimName::new(columns.take()?)?, value: columns.take()? })
        })?;
        let retired = rows::all(call.operation, retired, |columns| Ok(Entry::Retired(columns.kek()?)))?;
        Ok(certs.into_iter().chain(claims).chain(retired).take(size).collect())
    }

    /// The rows of the three kinds of entries behind a key.
    async fn snapshot_of_entries(
        &self,
        after: Option<&EntryKey>,
        size: usize,
    ) -> Result<[Vec<Row>; 3], Failure> {
        let (cert, claim, retired) = match after {
            None => (Some(&[][..]), "", ""),
            Some(EntryKey::Cert(id)) => (Some(&id.0[..]), "", ""),
            Some(EntryKey::Claim(name)) => (None, name.as_str(), ""),
            // No name of a claim is behind this one.
            Some(EntryKey::Retired(kek)) => (None, "~", kek.as_str()),
        };
        let mut lease = self.sessions.lease().await?;
        let client = lease.client_mut()?;
        let snapshot =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let snapshot = snapshot.start().await.map_err(Failure::Server)?;
        let size = size as i64;
        let mut pages = [Vec::new(), Vec::new(), Vec::new()];
        if let Some(cert) = cert {
            pages[0] = rows_in(&snapshot, &self.calls.export_certs, &[&cert, &size]).await?;
        }
        if (pages[0].len() as i64) < size {
            pages[1] = rows_in(&snapshot, &self.calls.export_claims, &[&claim, &size]).await?;
            pages[2] = rows_in(&snapshot, &self.calls.export_retired, &[&retired, &size]).await?;
        }
        snapshot.commit().await.map_err(Failure::Server)?;
        lease.give_back();
        Ok(pages)
    }

    pub(super) async fn import_entry(&self, entry: Entry, now: Timestamp) -> Result<bool, StoreError> {
        let key = entry.key();
        let answer = match entry {
            Entry::Cert(cert) => return self.import_cert(&cert, now).await,
            Entry::Claim { name, value } => {
                self.step(&self.calls.import_claim, &[&name.as_str(), &value]).await?
            }
            Entry::Retired(kek) => self.step(&self.calls.import_retired, &[&kek.as_str()]).await?,
        };
        if answer.is("conflict") {
            return Err(StoreError::Conflict { key });
        }
        Ok(answer.done(None)?.is("done"))
    }

    async fn import_cert(&self, cert: &CertEntry, now: Timestamp) -> Result<bool, StoreError> {
        let conflict = || StoreError::Conflict { key: EntryKey::Cert(cert.summary.id) };
        loop {
            let answer = match self.put_entry(cert, now).await {
                Err(failure) if failure.code().is_some_and(|code| code.code() == raised::TARGET_BOUND) => {
                    return Err(conflict());
                }
                outcome => outcome.map_err(|failure| failure.of_write(self.calls.import_cert.operation))?,
            };
            if answer.is("conflict") {
                return Err(conflict());
            }
            if !answer.done(None)?.is("exists") {
                return Ok(true);
            }
            // Is it the same? If it has gone meanwhile, there is room for this one.
            match self.entry_of(cert.summary.id).await? {
                Some(standing) if standing == *cert => return Ok(false),
                Some(_) => return Err(conflict()),
                None => {}
            }
        }
    }

    async fn put_entry(&self, cert: &CertEntry, now: Timestamp) -> Result<Answer, Failure> {
        let before = |error: StoreError| Failure::Before(error.into());
        let summary = &cert.summary;
        let version = Version::new(&summary.common_name, &summary.leaf, &cert.chain, &cert.sealed_key);
        let previous = cert.previous.as_ref().map(|kept| {
            Version::new(&kept.version.common_name, &kept.version.leaf, &kept.chain, &kept.sealed_key)
        });
        let previous_generation = cert.previous.as_ref().map(|kept| kept.version.generation.0 as i64);
        let targets: Vec<_> = cert.bindings.iter().map(|binding| target(&binding.target)).collect();
        let call = &self.calls.import_cert;
        let row = self
            .sessions
            .write(
                call,
                &[
                    &number(summary.id.shard()),
                    &&summary.id.0[..],
                    &summary.owner.as_str(),
                    &text(&summary.name),
                    &labels(&summary.labels),
                    &summary.created.as_unix(),
                    &summary.superseded_by.as_ref().map(|id| &id.0[..]),
                    &(summary.generation.0 as i64),
                    &version.map_err(before)?,
                    &previous_generation,
                    &previous.transpose().map_err(before)?,
                    &targets.iter().map(|target| target.0).collect::<Vec<_>>(),
                    &targets.iter().map(|target| target.1).collect::<Vec<_>>(),
                    &targets.iter().map(|target| target.2).collect::<Vec<_>>(),
                    &cert.bindings.iter().map(|binding| binding.options.force_https).collect::<Vec<_>>(),
                    &cert.bindings.iter().map(|binding| binding.options.http2).collect::<Vec<_>>(),
                    &now.as_unix(),
                ],
            )
            .await?;
        Answer::of(call.operation, &row)
    }

    /// The entry of one certificate.
    async fn entry_of(&self, id: CertId) -> Result<Option<CertEntry>, StoreError> {
        let call = &self.calls.export_cert;
        let rows = self.sessions.read(call, &[&number(id.shard()), &&id.0[..]]).await?;
        rows::first(call.operation, rows, |columns| columns.cert_entry())
    }
}

async fn rows_in(
    snapshot: &Transaction<'_>,
    call: &Call,
    parameters: Parameters<'_>,
) -> Result<Vec<Row>, Failure> {
    let statement = snapshot.prepare(&call.sql).await.map_err(Failure::Server)?;
    snapshot.query(&statement, parameters).await.map_err(Failure::Server)
}
