//! Calls on pooled connections, each with a deadline.

use std::{pin::pin, time::Duration};

use deadpool_postgres::{Client, Object, Pool};
use futures_util::TryStreamExt as _;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Row, types::ToSql};

use super::{error::Failure, rows::Columns, statements::Call};
use crate::{BackendError, StoreError};

pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The connections, and how long a call may take.
///
/// A deadline of our own, since a server that hangs is not noticed otherwise: neither keep-alives nor its own
/// time-outs bound a query that it has taken.
#[derive(Debug)]
pub(super) struct Sessions {
    pool: Pool,
    deadline: Duration,
}

impl Sessions {
    pub(super) const fn new(pool: Pool, deadline: Duration) -> Self {
        Self { pool, deadline }
    }

    /// The rows of a call that changes nothing. If the connection turns out to have ended, on another one.
    pub(super) async fn read(&self, call: &Call, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        self.try_read(call, parameters).await.map_err(|failure| failure.of_read(call.operation))
    }

    /// As [`read`](Self::read), with the failure before it is translated.
    pub(super) async fn try_read(
        &self,
        call: &Call,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        self.try_list(call, parameters, Ok).await
    }

    /// The items of a list, each of which is read from its row while the server is at the next ones.
    pub(super) async fn list<T>(
        &self,
        call: &Call,
        parameters: Parameters<'_>,
        read: impl Fn(&mut Columns<'_>) -> Result<T, BackendError>,
    ) -> Result<Vec<T>, StoreError> {
        let listed = self.try_list(call, parameters, |row| read(&mut Columns::of(&row))).await;
        listed.map_err(|failure| failure.of_read(call.operation))
    }

    async fn try_list<T>(
        &self,
        call: &Call,
        parameters: Parameters<'_>,
        read: impl Fn(Row) -> Result<T, BackendError>,
    ) -> Result<Vec<T>, Failure> {
        let until = Instant::now() + self.deadline;
        match self.rows(call, parameters, until, &read).await {
            Err(failure) if failure.is_closed() => self.rows(call, parameters, until, &read).await,
            outcome => outcome,
        }
    }

    /// The one row of a step. It is not repeated: the caller learns that the outcome is not known.
    pub(super) async fn write(&self, call: &Call, parameters: Parameters<'_>) -> Result<Row, Failure> {
        let rows = self.rows(call, parameters, Instant::now() + self.deadline, &Ok).await?;
        rows.into_iter().next().ok_or_else(|| Failure::Row("no row came".into()))
    }

    async fn rows<T>(
        &self,
        call: &Call,
        parameters: Parameters<'_>,
        until: Instant,
        read: &impl Fn(Row) -> Result<T, BackendError>,
    ) -> Result<Vec<T>, Failure> {
        let late = || Failure::Before(format!("no connection within {:?}", self.deadline).into());
        let lease = timeout_at(until, self.lease()).await.map_err(|_| late())??;
        let client = lease.client()?;
        let prepared = timeout_at(until, client.prepare_cached(&call.sql)).await.map_err(|_| late())?;
        let statement = prepared.map_err(|error| Failure::Before(error.into()))?;
        let items = async {
            let rows =
                client.query_raw(&statement, parameters.iter().copied()).await.map_err(Failure::Server)?;
            let mut rows = pin!(rows);
            let mut items = Vec::new();
            while let Some(row) = rows.try_next().await.map_err(Failure::Server)? {
                items.push(read(row).map_err(Failure::Row)?);
            }
            Ok(items)
        };
        let items = timeout_at(until, items).await.unwrap_or(Err(Failure::Deadline(self.deadline)))?;
        lease.give_back();
        Ok(items)
    }

    /// A connection for something longer; [`Lease::give_back`] it when that went well.
    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        let object = self.pool.get().await.map_err(|error| Failure::Before(error.into()))?;
        Ok(Lease(Some(object)))
    }

    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }
}

/// A connection that goes back to the pool only if it is said to be in order. One that was given up with a query under
/// way, or whose server is about to go, is not closed: the pool would hand it out again.
pub(super) struct Lease(Option<Object>);

impl Lease {
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }

    pub(super) fn client(&self) -> Result<&Client, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::Before("the connection was given back".into()))
    }

    pub(super) fn client_mut(&mut self) -> Result<&mut Client, Failure> {
        self.0.as_mut().ok_or_else(|| Failure::Before("the connection was given back".into()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
