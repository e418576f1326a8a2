//! Instants, in whole seconds.

use core::{fmt, ops, str::FromStr};

/// An instant: whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// It is an argument wherever time matters; this crate never reads a clock. Displays as RFC 3339 in UTC.
///
/// ```
/// use cert_core::Timestamp;
///
/// assert_eq!(Timestamp::from_unix(1_770_984_000).to_string(), "2026-02-13T12:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since the epoch; negative before 1970.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// From a UTC date and time of the proleptic Gregorian calendar, or `None` where there is no such one.
    pub fn from_utc(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Self> {
        let valid = (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        let seconds_of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        valid.then(|| Self(days_from_civil(year, month, day) * SECONDS_PER_DAY + seconds_of_day))
    }

    /// Seconds since the epoch.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to `self`: negative where `earlier` is the later one.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(SECONDS_PER_DAY));
        let second = self.0.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
    }
}

impl ops::Add<i64> for Timestamp {
    type Output = Self;

    /// Adds seconds, saturating.
    fn add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

impl ops::Sub<i64> for Timestamp {
    type Output = Self;

    /// Takes seconds away, saturating.
    fn sub(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339 in UTC and whole seconds, as `Display` writes it, or a date alone for its first second.
    ///
    /// # Errors
    /// [`TimestampError`] for any other form, and for a date that does not exist.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
        let [year, month, day] = numbers(date, '-', [4, 2, 2]).ok_or(TimestampError)?;
        let clock = time.strip_suffix(['Z', 'z']).ok_or(TimestampError)?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2]).ok_or(TimestampError)?;
        Self::from_utc(i64::from(year), month, day, hour, minute, second).ok_or(TimestampError)
    }
}

/// The text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an instant is written as 2026-02-13T12:00:00Z or 2026-02-13, in UTC")]
pub struct TimestampError;

/// Three numbers of these widths.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u32; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let digits =
            parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()))?;
        *number = digits.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

const SECONDS_PER_DAY: i64 = 86_400;

const DAYS_PER_ERA: i64 = 146_097;
const DAYS_BEFORE_1970: i64 = 719_468;

/// Days since 1970-01-01, in eras of 400 years whose years start in March, so that a leap day comes last.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn calendar_and_seconds_agree() {
        let known = [
            ((1970, 1, 1, 0, 0, 0), 0, "1970-01-01T00:00:00Z"),
            ((1950, 1, 1, 0, 0, 0), -631_152_000, "1950-01-01T00:00:00Z"),
            ((2000, 2, 29, 23, 59, 59), 951_868_799, "2000-02-29T23:59:59Z"),
            ((2026, 3, 15, 0, 0, 0), 1_773_532_800, "2026-03-15T00:00:00Z"),
            ((9999, 12, 31, 23, 59, 59), 253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for ((year, month, day, hour, minute, second), unix, text) in known {
            let instant = Timestamp::from_utc(year, month, day, hour, minute, second);
            assert_eq!(instant, Some(Timestamp::from_unix(unix)));
            assert_eq!(Timestamp::from_unix(unix).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp::from_unix(unix)));
        }
    }

    #[test]
    fn no_such_date_is_none() {
        for (year, month, day, hour) in [
            (2023, 2, 29, 0),
            (1900, 2, 29, 0),
            (2024, 13, 1, 0),
            (2024, 0, 1, 0),
            (2024, 4, 31, 0),
            (2024, 4, 1, 24),
        ] {
            assert_eq!(Timestamp::from_utc(year, month, day, hour, 0, 0), None);
        }
    }

    #[test]
    fn a_date_alone_parses_and_other_forms_do_not() {
        assert_eq!("2000-02-29".parse(), Ok(Timestamp::from_unix(951_782_400)));
        for text in [
            "",
            "2000",
            "2000-2-29",
            "2000-02-30",
            "2000-02-29T00:00Z",
            "2000-02-29T00:00:00",
            "2000-02-29T00:00:00+01:00",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_survives() {
        for day in -150_000..150_000 {
            let (year, month, dom) = super::civil_from_days(day);
            assert_eq!(super::days_from_civil(year, month as u32, dom as u32), day);
        }
    }
}
