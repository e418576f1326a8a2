//! The two date forms of RFC 5280 section 4.1.2.5.

use crate::{
    Timestamp,
    cursor::{Cursor, GENERALIZED_TIME, UTC_TIME},
};

/// A date that is not in the one form that RFC 5280 allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateError {
    /// What stands there, made printable.
    pub(crate) text: String,
    /// Whether it is a UTCTime without seconds, which ASN.1 allows and RFC 5280 does not.
    pub(crate) without_seconds: bool,
}

/// Reads `Time`: UTCTime as `YYMMDDHHMMSSZ` or GeneralizedTime as `YYYYMMDDHHMMSSZ`.
pub(super) fn read(cursor: &mut Cursor<'_>, der: &[u8]) -> der::Result<Result<Timestamp, DateError>> {
    if cursor.peek().is_some_and(|tag| tag != UTC_TIME && tag != GENERALIZED_TIME) {
        return Err(cursor.unexpected(None));
    }
    let element = cursor.element()?;
    let text = element.value.of(der);
    let date = if element.tag == UTC_TIME { utc_time(text) } else { generalized_time(text) };
    Ok(date.ok_or_else(|| DateError {
        text: String::from_utf8_lossy(text)
            .chars()
            .take(32)
            .map(|c| if c.is_control() { '?' } else { c })
            .collect(),
        without_seconds: element.tag == UTC_TIME && text.len() == 11,
    }))
}

fn utc_time(text: &[u8]) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = number(year)?;
    // RFC 5280 section 4.1.2.5.1: 50 and above is 19YY, below is 20YY.
    month_to_second(i64::from(if year >= 50 { 1900 + year } else { 2000 + year }), rest)
}

fn generalized_time(text: &[u8]) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(4)?;
    month_to_second(i64::from(number(year)?), rest)
}

fn month_to_second(year: i64, text: &[u8]) -> Option<Timestamp> {
    let ([month, day, hour, minute, second], b"Z") = text.as_chunks::<2>() else {
        return None;
    };
    Timestamp::from_utc(year, number(month)?, number(day)?, number(hour)?, number(minute)?, number(second)?)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, b| b.is_ascii_digit().then(|| value * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::{DateError, read};
    use crate::{Timestamp, cursor::Cursor};

    fn date(tag: u8, text: &str) -> Result<Timestamp, DateError> {
        let der = [&[tag, text.len() as u8], text.as_bytes()].concat();
        let mut cursor = Cursor::new(&der);
        let date = read(&mut cursor, &der).unwrap();
        cursor.finish().unwrap();
        date
    }

    #[test]
    fn both_forms_and_the_turn_of_the_century() {
        for (tag, text, shown) in [
            (0x17, "260213120000Z", "2026-02-13T12:00:00Z"),
            (0x17, "491231235959Z", "2049-12-31T23:59:59Z"),
            (0x17, "500101000000Z", "1950-01-01T00:00:00Z"),
            (0x18, "20500101000000Z", "2050-01-01T00:00:00Z"),
        ] {
            assert_eq!(date(tag, text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        assert!(date(0x17, "2602131200Z").unwrap_err().without_seconds);
        for (tag, text) in [
            (0x17, "260213120000+0100"),
            (0x17, "260213120000"),
            (0x17, "260230120000Z"),
            (0x17, "26021312000 Z"),
            (0x18, "20260213120000.5Z"),
            (0x18, "202602131200Z"),
            (0x18, ""),
        ] {
            assert!(!date(tag, text).unwrap_err().without_seconds, "{text}");
        }
    }
}
