//! From one store to another, verified.

use cert_core::Timestamp;

use crate::{CertStore, EntryKey, StoreDigest, StoreError, transfer::PAGE};

/// Copies everything from one store to another, and compares the two.
///
/// The source must be quiet, which is checked. A migration that was interrupted goes on when it is called again: what
/// has arrived is found to be there. `after` skips what a run before has reported, and `progress` is told how many
/// entries have arrived in this run, and the last of them.
///
/// ```
/// use cert_core::Timestamp;
/// use cert_store::{MemoryStore, migrate};
///
/// # async fn example() -> Result<(), cert_store::MigrateError> {
/// let (from, to) = (MemoryStore::new(), MemoryStore::new());
/// let now = Timestamp::from_unix(1_795_000_000);
/// let digest = migrate(&from, &to, None, now, &mut |entries, last| println!("{entries}: {last}")).await?;
/// assert_eq!(digest.entries, 0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`MigrateError`]; what has arrived stays.
pub async fn migrate(
    from: &dyn CertStore,
    to: &dyn CertStore,
    after: Option<EntryKey>,
    now: Timestamp,
    progress: &mut (dyn FnMut(u64, &EntryKey) + Send),
) -> Result<StoreDigest, MigrateError> {
    let head = from.head().await.map_err(MigrateError::Source)?;
    copy(from, to, after, now, progress).await?;
    let source = StoreDigest::of(from).await.map_err(MigrateError::Source)?;
    if from.head().await.map_err(MigrateError::Source)? != head {
        return Err(MigrateError::SourceChanged);
    }
    let target = StoreDigest::of(to).await.map_err(MigrateError::Target)?;
    if source == target { Ok(source) } else { Err(MigrateError::Different { source_digest: source, target }) }
}

async fn copy(
    from: &dyn CertStore,
    to: &dyn CertStore,
    mut after: Option<EntryKey>,
    now: Timestamp,
    progress: &mut (dyn FnMut(u64, &EntryKey) + Send),
) -> Result<(), MigrateError> {
    let mut arrived = 0;
    loop {
        let page = from.export(after.as_ref(), PAGE).await.map_err(MigrateError::Source)?;
        let Some(last) = page.last().map(crate::Entry::key) else {
            return Ok(());
        };
        arrived += page.len() as u64;
        // What a run before has brought is passed over a page at a time.
        if to.export(after.as_ref(), PAGE).await.map_err(MigrateError::Target)? != page {
            for entry in page {
                to.import(entry, now).await.map_err(MigrateError::Target)?;
            }
        }
        progress(arrived, &last);
        after = Some(last);
    }
}

/// Why a migration did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The stores are not alike: the target had something of its own.
    #[error("the stores differ: {} entries in the source, {} in the target", source_digest.entries, target.entries)]
    Different {
        /// What the source comes to.
        source_digest: StoreDigest,
        /// What the target comes to.
        target: StoreDigest,
    },
    /// Reading the source failed.
    #[error("the source store failed")]
    Source(#[source] StoreError),
    /// Somebody wrote to the source meanwhile.
    #[error("the source store was written to during the migration")]
    SourceChanged,
    /// Writing to the target failed, or it has something else in the place of an entry.
    #[error("the target store failed")]
    Target(#[source] StoreError),
}
