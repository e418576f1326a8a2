//! Rows as our types.

use std::sync::Arc;

use cert_core::{DnsName, Fingerprint, Timestamp};
use tokio_postgres::{Row, types::FromSql};

use super::{error::BACKEND, values::untext};
use crate::{
    BackendError, BindOptions, Binding, BindingEntry, CertEntry, CertId, CertSummary, Change, Event,
    FeedMarker, Generation, KekId, Labels, LeafFacts, OwnerId, PreviousEntry, PreviousVersion, SealedKey,
    SealedUnder, ServedChain, Slot, StoreError, Target, TargetKind, cert::key_type_number,
};

/// What every reader of a row gives.
type Read<T> = Result<T, BackendError>;

/// Reads all rows alike, with one error for what does not read.
pub(super) fn all<T>(
    operation: &'static str,
    rows: Vec<Row>,
    read: impl Fn(&mut Columns<'_>) -> Read<T>,
) -> Result<Vec<T>, StoreError> {
    let read = |row: &Row| read(&mut Columns::of(row));
    rows.iter().map(read).collect::<Read<_>>().map_err(|source| corrupt(operation, source))
}

/// Reads the first row, if there is one.
pub(super) fn first<T>(
    operation: &'static str,
    rows: Vec<Row>,
    read: impl Fn(&mut Columns<'_>) -> Read<T>,
) -> Result<Option<T>, StoreError> {
    let row = rows.first().map(|row| read(&mut Columns::of(row)));
    row.transpose().map_err(|source| corrupt(operation, source))
}

pub(super) fn corrupt(operation: &'static str, source: BackendError) -> StoreError {
    StoreError::Corrupt { backend: BACKEND, operation, source }
}

/// The columns of a row, one after another.
pub(super) struct Columns<'a> {
    row: &'a Row,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) const fn of(row: &'a Row) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn take<T: FromSql<'a>>(&mut self) -> Read<T> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.try_get(index)?)
    }

    pub(super) fn count(&mut self) -> Read<u64> {
        Ok(self.take::<i64>()?.try_into()?)
    }

    fn generation(&mut self) -> Read<Generation> {
        Ok(Generation(self.count()?))
    }

    fn instant(&mut self) -> Read<Timestamp> {
        Ok(Timestamp::from_unix(self.take()?))
    }

    fn text(&mut self) -> Read<String> {
        Ok(untext(self.take()?))
    }

    fn owner(&mut self) -> Read<OwnerId> {
        Ok(OwnerId::new(self.take()?)?)
    }

    fn id(&mut self) -> Read<CertId> {
        id_of(self.take()?)
    }

    fn fingerprint(&mut self) -> Read<Fingerprint> {
        Ok(Fingerprint::from_bytes(self.take::<&[u8]>()?.try_into()?))
    }

    pub(super) fn chain(&mut self) -> Read<ServedChain> {
        Ok(self.take::<Vec<&[u8]>>()?.into_iter().collect())
    }

    pub(super) fn sealed_key(&mut self) -> Read<SealedKey> {
        Ok(SealedKey::from_bytes(self.take()?)?)
    }

    fn labels(&mut self) -> Read<Labels> {
        let mut texts = self.take::<Vec<String>>()?.into_iter();
        let pairs = std::iter::from_fn(|| texts.next().zip(texts.next()));
        Ok(Labels::new(pairs)?)
    }

    fn leaf(&mut self) -> Read<LeafFacts> {
        Ok(LeafFacts {
            dns_names: self.take::<Vec<String>>()?.into_iter().map(untext).collect(),
            cover_names: self
                .take::<Vec<&str>>()?
                .into_iter()
                .map(DnsName::parse)
                .collect::<Result<_, _>>()?,
            not_before: self.instant()?,
            not_after: self.instant()?,
            key_type: self.key_type()?,
            fingerprint: self.fingerprint()?,
            spki_fingerprint: self.fingerprint()?,
            serial: self.take()?,
            issuer: self.take()?,
        })
    }

    fn key_type(&mut self) -> Read<cert_core::KeyType> {
        let number = u32::try_from(self.take::<i32>()?)?;
        Ok(key_type_number::key_type_of(number).ok_or("a number without a key type")?)
    }

    pub(super) fn summary(&mut self) -> Read<Arc<CertSummary>> {
        Ok(Arc::new(CertSummary {
            id: self.id()?,
            owner: self.owner()?,
            name: self.text()?,
            common_name: self.text()?,
            labels: self.labels()?,
            created: self.instant()?,
            generation: self.generation()?,
            superseded_by: self.take::<Option<&[u8]>>()?.map(id_of).transpose()?,
            leaf: self.leaf()?,
        }))
    }

    /// The columns of `previous`, which are all empty where there is none.
    pub(super) fn previous(&mut self) -> Read<Option<Arc<PreviousVersion>>> {
        if self.row.try_get::<_, Option<i64>>(self.next)?.is_none() {
            self.next += PREVIOUS_COLUMNS;
            return Ok(None);
        }
        Ok(Some(Arc::new(PreviousVersion {
            generation: self.generation()?,
            common_name: self.text()?,
            leaf: self.leaf()?,
        })))
    }

    pub(super) fn target(&mut self) -> Read<Target> {
        target_of(self.take()?, self.take()?, self.take()?)
    }

    pub(super) fn binding(&mut self) -> Read<Binding> {
        Ok(Binding {
            target: self.target()?,
            owner: self.owner()?,
            id: self.id()?,
            generation: self.generation()?,
            not_after: self.instant()?,
            key_type: self.key_type()?,
            options: BindOptions { force_https: self.take()?, http2: self.take()? },
        })
    }

    pub(super) fn sealed_under(&mut self) -> Read<SealedUnder> {
        Ok(SealedUnder {
            id: self.id()?,
            generation: self.generation()?,
            owner: self.owner()?,
            spki_fingerprint: self.fingerprint()?,
        })
    }

    pub(super) fn kek(&mut self) -> Read<KekId> {
        Ok(KekId::new(self.take()?)?)
    }

    pub(super) fn event(&mut self, epoch: u64) -> Read<Event> {
        let marker = FeedMarker::new(epoch, self.count()?);
        let at = self.instant()?;
        let change = match self.take::<Option<&[u8]>>()? {
            Some(id) => Change::Cert(id_of(id)?),
            None => Change::Domain(self.target()?),
        };
        Ok(Event { marker, at, change })
    }

    pub(super) fn cert_entry(&mut self) -> Read<CertEntry> {
        let (summary, chain, sealed_key) = (self.summary()?, self.chain()?, self.sealed_key()?);
        let previous = match self.previous()? {
            Some(version) => {
                Some(PreviousEntry { version, chain: self.chain()?, sealed_key: self.sealed_key()? })
            }
            None => {
                self.next += 2;
                None
            }
        };
        Ok(CertEntry { summary, chain, sealed_key, previous, bindings: self.binding_entries()? })
    }

    /// Five arrays, which are all empty where nothing is bound.
    fn binding_entries(&mut self) -> Read<Vec<BindingEntry>> {
        let Some(kinds) = self.take::<Option<Vec<i16>>>()? else {
            return Ok(Vec::new());
        };
        let (domains, slots) = (self.take::<Vec<&str>>()?, self.take::<Vec<i16>>()?);
        let (force_https, http2) = (self.take::<Vec<bool>>()?, self.take::<Vec<bool>>()?);
        let targets = kinds.into_iter().zip(domains).zip(slots);
        let options = force_https.into_iter().zip(http2);
        let entry = |(((kind, domain), slot), (force_https, http2))| {
            let target = target_of(kind, domain, slot)?;
            Ok(BindingEntry { target, options: BindOptions { force_https, http2 } })
        };
        targets.zip(options).map(entry).collect()
    }
}

/// Generation, common name and leaf.
const PREVIOUS_COLUMNS: usize = 11;

pub(super) fn id_of(bytes: &[u8]) -> Read<CertId> {
    Ok(CertId(bytes.try_into()?))
}

fn target_of(kind: i16, domain: &str, slot: i16) -> Read<Target> {
    let kind = match kind {
        0 => TargetKind::Cdn,
        1 => TargetKind::Storage,
        _ => return Err("a kind of target that is not known".into()),
    };
    let slot = match slot {
        0 => Slot::Alternate,
        1 => Slot::Primary,
        _ => return Err("a slot that is not known".into()),
    };
    Ok(Target { kind, domain: DnsName::parse(domain)?, slot })
}
