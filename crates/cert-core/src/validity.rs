//! Validity periods: expired, and too short to be worth storing.

use crate::{Certificate, Timestamp};

/// How much validity a certificate must have left: `min(absolute, fraction of its own lifetime)`.
///
/// The fraction lets certificates of 6 and of 47 days pass, which a fixed number of days would refuse.
///
/// ```
/// use cert_core::MinimumValidity;
///
/// let minimum = MinimumValidity::new(7 * 86_400, 0.1);
/// assert_eq!(minimum.required(90 * 86_400), 7 * 86_400);
/// assert_eq!(minimum.required(6 * 86_400), 51_840);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinimumValidity {
    absolute: i64,
    lifetime_fraction: f64,
}

impl MinimumValidity {
    /// Anything that has not expired.
    pub const NONE: Self = Self { absolute: 0, lifetime_fraction: 0.0 };

    /// At least `absolute` seconds or `lifetime_fraction` of the certificate's lifetime, whichever is less. Negative
    /// seconds count as zero, and the fraction is brought to between 0 and 1.
    pub fn new(absolute: i64, lifetime_fraction: f64) -> Self {
        let fraction = if lifetime_fraction.is_nan() { 0.0 } else { lifetime_fraction.clamp(0.0, 1.0) };
        Self { absolute: absolute.max(0), lifetime_fraction: fraction }
    }

    /// Seconds that must be left of a lifetime of `lifetime` seconds.
    pub fn required(&self, lifetime: i64) -> i64 {
        // Lifetimes are far below 2^53 seconds, so nothing is lost.
        let of_lifetime = (lifetime.max(0) as f64 * self.lifetime_fraction) as i64;
        self.absolute.min(of_lifetime)
    }
}

impl Default for MinimumValidity {
    /// 7 days, or a tenth of the lifetime.
    fn default() -> Self {
        Self { absolute: 7 * 86_400, lifetime_fraction: 0.1 }
    }
}

/// Why a certificate's validity refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValidityError {
    /// `notAfter` has passed.
    Expired {
        /// The last instant of its validity.
        not_after: Timestamp,
        /// The instant of the verdict.
        now: Timestamp,
    },
    /// `notBefore` has not come.
    NotYetValid {
        /// The first instant of its validity.
        not_before: Timestamp,
        /// The instant of the verdict.
        now: Timestamp,
    },
    /// It ends too soon.
    TooShort {
        /// The last instant of its validity.
        not_after: Timestamp,
        /// Seconds left.
        remaining: i64,
        /// Seconds that must be left.
        required: i64,
    },
}

/// Whether `certificate` has expired at `now` (RFC 5280 section 4.1.2.5: `notAfter` itself is still valid).
pub(crate) fn check_expired(certificate: &Certificate, now: Timestamp) -> Result<(), ValidityError> {
    let not_after = certificate.not_after();
    if now > not_after { Err(ValidityError::Expired { not_after, now }) } else { Ok(()) }
}

pub(crate) fn check_not_before(certificate: &Certificate, now: Timestamp) -> Result<(), ValidityError> {
    let not_before = certificate.not_before();
    if now < not_before { Err(ValidityError::NotYetValid { not_before, now }) } else { Ok(()) }
}

/// Whether enough is left of a certificate that has not expired.
pub(crate) fn check_remaining(
    certificate: &Certificate,
    minimum: MinimumValidity,
    now: Timestamp,
) -> Result<(), ValidityError> {
    let not_after = certificate.not_after();
    let remaining = not_after.seconds_since(now);
    let required = minimum.required(not_after.seconds_since(certificate.not_before()));
    if remaining < required {
        Err(ValidityError::TooShort { not_after, remaining, required })
    } else {
        Ok(())
    }
}
