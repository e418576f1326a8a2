//! How a step ended.

use cert_core::{DnsName, Timestamp};
use tokio_postgres::Row;

use super::{
    error::Failure,
    rows::{Columns, corrupt, id_of},
};
use crate::{BackendError, CertId, Generation, KekId, OwnerId, StoreError, Target};

/// The composite type `answer`.
#[derive(Debug)]
pub(super) struct Answer {
    operation: &'static str,
    outcome: String,
    id: Option<CertId>,
    generation: Option<Generation>,
    first: Option<i64>,
    second: Option<i64>,
    texts: Vec<String>,
}

impl Answer {
    pub(super) fn of(operation: &'static str, row: &Row) -> Result<Self, Failure> {
        Self::read(operation, &mut Columns::of(row)).map_err(Failure::Row)
    }

    fn read(operation: &'static str, columns: &mut Columns<'_>) -> Result<Self, BackendError> {
        Ok(Self {
            operation,
            outcome: columns.take()?,
            id: columns.take::<Option<&[u8]>>()?.map(id_of).transpose()?,
            generation: columns.take::<Option<i64>>()?.map(|number| Generation(number as u64)),
            first: columns.take()?,
            second: columns.take()?,
            texts: columns.take::<Option<Vec<String>>>()?.unwrap_or_default(),
        })
    }

    /// The answer of a step that was not refused. A refusal may have to name the target that the step was about.
    pub(super) fn done(self, target: Option<&Target>) -> Result<Self, StoreError> {
        match self.outcome.as_str() {
            "done" | "exists" | "existing" | "same" => Ok(self),
            _ => {
                let operation = self.operation;
                Err(self.refusal(target).unwrap_or_else(|source| corrupt(operation, source)))
            }
        }
    }

    /// Whether the step ended otherwise than by doing what it does.
    pub(super) fn is(&self, outcome: &str) -> bool {
        self.outcome == outcome
    }

    pub(super) const fn id(&self) -> Option<CertId> {
        self.id
    }

    pub(super) fn generation(&self) -> Result<Generation, StoreError> {
        self.generation.ok_or_else(|| corrupt(self.operation, "an answer without a generation".into()))
    }

    fn refusal(self, target: Option<&Target>) -> Result<StoreError, BackendError> {
        let kek = || KekId::new(self.texts.first().map_or("", String::as_str));
        let number = |number: Option<i64>| u64::try_from(number.unwrap_or(0));
        let id = self.id.ok_or("a refusal without an id");
        Ok(match self.outcome.as_str() {
            "already_exists" => StoreError::AlreadyExists { id: id? },
            "bound_elsewhere" => {
                StoreError::BoundElsewhere { target: target.ok_or("a refusal without a target")?.clone() }
            }
            "expired" => {
                StoreError::Expired { id: id?, not_after: Timestamp::from_unix(self.first.unwrap_or(0)) }
            }
            "in_use" => StoreError::InUse { kek: kek()? },
            "no_previous" => StoreError::NoPrevious { id: id? },
            "not_covered" => {
                let target = target.ok_or("a refusal without a target")?;
                StoreError::NotCovered { id: id?, domain: target.domain.clone() }
            }
            "not_found" => StoreError::NotFound { id: id? },
            "quota_exceeded" => StoreError::QuotaExceeded {
                owner: OwnerId::new(self.texts.first().map_or("", String::as_str))?,
                limit: number(self.first)?,
            },
            "retired" => StoreError::Retired { kek: kek()? },
            "stale" => StoreError::Stale { id: id?, generation: self.generation },
            "still_bound" => {
                StoreError::StillBound { id: id?, cdn: number(self.first)?, storage: number(self.second)? }
            }
            "would_uncover" => {
                let domains =
                    self.texts.iter().map(|domain| DnsName::parse(domain)).collect::<Result<_, _>>()?;
                StoreError::WouldUncover { id: id?, domains }
            }
            other => return Err(format!("an outcome that is not known: {other}").into()),
        })
    }
}
