//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use cert_core::Timestamp;

/// A source of the present instant.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn unix_millis(&self) -> u64;
}

/// The present instant of `clock`, in the seconds that certificates know.
pub fn now(clock: &dyn Clock) -> Timestamp {
    Timestamp::from_unix(i64::try_from(clock.unix_millis() / 1000).unwrap_or(i64::MAX))
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_millis(&self) -> u64 {
        // A clock before 1970 is one that was never set: everything is then "not yet valid", which is right.
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands still until a test moves it. Clones share the instant.
#[cfg(feature = "testing")]
#[derive(Clone, Debug)]
pub struct FixedClock(std::sync::Arc<std::sync::atomic::AtomicU64>);

#[cfg(feature = "testing")]
impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(std::sync::Arc::new(Self::millis(now).into()))
    }

    /// Shows `now` from here on, earlier or later.
    pub fn set(&self, now: Timestamp) {
        self.0.store(Self::millis(now), std::sync::atomic::Ordering::SeqCst);
    }

    fn millis(now: Timestamp) -> u64 {
        u64::try_from(now.as_unix()).unwrap_or_default().saturating_mul(1000)
    }
}

#[cfg(feature = "testing")]
impl Clock for FixedClock {
    fn unix_millis(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
