//! How much is let in at once, and how fast.

use axum::{
    body::{Body, Bytes},
    http::HeaderMap,
};
use cert_service::Caller;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    body::{self, Limits},
    failure::Failure,
    options::Rate,
};

/// The limits that all requests share. A body comes in first and a call runs then, each with places of its own: a
/// client that sends slowly keeps no call waiting, and uploads never take the places of reads.
pub(crate) struct Gate {
    bodies: Semaphore,
    reads: Semaphore,
    writes: Semaphore,
    rate: Option<DefaultKeyedRateLimiter<String>>,
    body: Limits,
}

impl Gate {
    pub(crate) fn new(max_requests: usize, rate: Option<Rate>, body: Limits) -> Self {
        let places = |count: usize| Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS));
        let quota = |rate: Rate| Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Self {
            bodies: places(max_requests),
            reads: places(max_requests),
            writes: places(max_requests / 2),
            rate: rate.map(|rate| RateLimiter::keyed(quota(rate))),
            body,
        }
    }

    /// The whole body, unless too many others are still coming.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
        let _place = self.bodies.try_acquire().map_err(|_| Failure::Busy)?;
        body::read(headers, body, self.body).await
    }

    /// A place for a call, which is kept as long as the permit.
    pub(crate) fn enter(&self, has_body: bool) -> Result<SemaphorePermit<'_>, Failure> {
        let places = if has_body { &self.writes } else { &self.reads };
        places.try_acquire().map_err(|_| Failure::Busy)
    }

    /// Counts a request of the caller's, and refuses what is too many.
    pub(crate) fn count(&self, caller: &Caller) -> Result<(), Failure> {
        let Some(rate) = &self.rate else { return Ok(()) };
        let key = caller.owner().map_or_else(
            || caller.principal().unwrap_or_default().to_owned(),
            |owner| format!("owner {}", owner.as_str()),
        );
        rate.check_key(&key).map_err(|denied| {
            let wait = denied.wait_time_from(DefaultClock::default().now());
            Failure::RateLimited { seconds: wait.as_secs() + 1 }
        })
    }
}
