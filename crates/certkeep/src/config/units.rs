//! Durations and sizes as people write them.

/// `7d`, `12h`, `30m`, `90s`, in seconds.
pub(super) fn seconds(field: &str, text: &str) -> Result<i64, String> {
    scaled(text, &[("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)])
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| format!("{field} = \"{text}\" must be a duration, as 7d, 12h, 30m or 90s"))
}

/// `1MiB`, `512KiB`, `65536`, in bytes.
pub(super) fn bytes(field: &str, text: &str) -> Result<usize, String> {
    scaled(text, &[("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1)])
        .and_then(|bytes| usize::try_from(bytes).ok())
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| format!("{field} = \"{text}\" must be a size, as 1MiB, 512KiB or 65536"))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let &(_, scale) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::{bytes, seconds};

    #[test]
    fn units_are_read_and_nonsense_is_named() {
        assert_eq!(seconds("x", "7d"), Ok(604_800));
        assert_eq!(seconds("x", "90s"), Ok(90));
        assert_eq!(bytes("x", "1MiB"), Ok(1_048_576));
        assert_eq!(bytes("x", "512 KiB"), Ok(524_288));
        assert_eq!(bytes("x", "65536"), Ok(65_536));
        for bad in ["", "7", "d", "-1d", "1.5d", "99999999999999999999d", "18446744073709551615d"] {
            assert!(seconds("limit", bad).is_err_and(|message| message.contains("limit")), "{bad}");
        }
        for bad in ["", "0", "1GB", "MiB", "1e3"] {
            assert!(bytes("limit", bad).is_err(), "{bad}");
        }
    }
}
