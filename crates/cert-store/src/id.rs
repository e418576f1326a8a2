//! Ids of certificates, and what they tell by themselves.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The id of a certificate: 96 bits, shown as 24 lower-case hex digits.
///
/// 48 bits of milliseconds since 1970, 12 bits of the owner's [`Shard`], 36 bits that its maker chooses. Ids sort by
/// time, and an id alone names the shard that it is in.
///
/// ```
/// use cert_store::{CertId, OwnerId};
///
/// let owner = OwnerId::new("alice")?;
/// let id = CertId::from_parts(1_770_984_000_000, owner.shard(), 7);
/// assert_eq!(id.shard(), owner.shard());
/// assert_eq!(id.to_string().parse(), Ok(id));
/// # Ok::<(), cert_store::OwnerIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertId(pub [u8; 12]);

impl CertId {
    /// The smallest id.
    pub const MIN: Self = Self([0; 12]);

    /// Puts an id together. Bits above the 48 of `millis` and the 36 of `tail` are cut off.
    pub fn from_parts(millis: u64, shard: Shard, tail: u64) -> Self {
        let low = u128::from(shard.0) << TAIL_BITS | u128::from(tail) & ((1 << TAIL_BITS) - 1);
        let value = (u128::from(millis) & ((1 << MILLIS_BITS) - 1)) << (SHARD_BITS + TAIL_BITS) | low;
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&value.to_be_bytes()[4..]);
        Self(bytes)
    }

    /// The owner's shard.
    pub const fn shard(self) -> Shard {
        Shard((self.0[6] as u16) << 4 | (self.0[7] >> 4) as u16)
    }

    /// Milliseconds since 1970 at which it was made.
    pub const fn created_millis(self) -> u64 {
        let [a, b, c, d, e, f, ..] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }
}

const MILLIS_BITS: u32 = 48;
const SHARD_BITS: u32 = 12;
const TAIL_BITS: u32 = 36;

const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for CertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Formatting each octet would take ten times as long, and an id is shown with every answer.
        let mut digits = [0; 24];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        f.write_str(core::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl FromStr for CertId {
    type Err = CertIdError;

    /// # Errors
    /// [`CertIdError`] unless the text is 24 lower-case hex digits.
    fn from_str(text: &str) -> Result<Self, CertIdError> {
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 24 || !text.bytes().all(is_digit) {
            return Err(CertIdError);
        }
        let mut bytes = [0; 12];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
            *byte = value(digits[0]) << 4 | value(digits[1]);
        }
        Ok(Self(bytes))
    }
}

/// The text is not the id of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate id is 24 lower-case hex digits")]
pub struct CertIdError;

/// One of 4096 parts of an installation: the first 12 bits of SHA-256 of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub(crate) u16);

impl Shard {
    /// Its number, below 4096.
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

/// Which version of a certificate stands under an id. The first is 1; each replacement or rollback adds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Generation(pub u64);

impl Generation {
    /// That of an upload.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{CertId, Shard};

    #[test]
    fn parts_come_back() {
        let id = CertId::from_parts(0x0123_4567_89ab, Shard(0xcde), 0xf_0123_4567);
        assert_eq!(id.to_string(), "0123456789abcdef01234567");
        assert_eq!((id.created_millis(), id.shard()), (0x0123_4567_89ab, Shard(0xcde)));
    }

    #[test]
    fn only_24_lower_case_digits_parse() {
        for text in [
            "",
            "0123456789abcdef0123456",
            "0123456789abcdef012345678",
            "0123456789ABCDEF01234567",
            "g123456789abcdef01234567",
        ] {
            assert!(text.parse::<CertId>().is_err(), "{text}");
        }
    }
}
