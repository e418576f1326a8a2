//! The numbers of an RSA key, and what makes one weak although it works.
//!
//! Loading a key checks that its numbers belong together. It does not look at how they were chosen: the checks here
//! do, without any arithmetic on big numbers beyond a subtraction and remainders by small ones.

use std::sync::LazyLock;

use der::{Decode as _, Reader as _, SliceReader, asn1::UintRef};

use crate::{
    caps,
    public_key::{bit_length, rsa_public_numbers, subject_public_key},
};

/// The public numbers and the primes of an `RSAPrivateKey` (RFC 8017 A.1.2), without leading zeros.
pub(crate) struct RsaNumbers<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
    primes: [&'a [u8]; 2],
}

/// Why an RSA key is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaWeakness {
    /// The primes are so close that Fermat's method finds them: |p - q| <= 2^(n/2 - 100) (FIPS 186-5 A.1.3).
    ClosePrimes,
    /// The public exponent is even, below 65537, or longer than 33 bits.
    Exponent,
    /// The modulus has the fingerprint of keys that a flawed library made (ROCA, CVE-2017-15361).
    Roca,
    /// The modulus is shorter than 2048 bits, longer than 8192, or no multiple of 8 bits.
    Size {
        /// Bits of the modulus.
        bits: u16,
    },
    /// The modulus has a factor below 752.
    SmallFactor {
        /// The factor.
        factor: u16,
    },
    /// The primes do not each have half the bits of the modulus.
    UnevenPrimes,
}

impl<'a> RsaNumbers<'a> {
    /// Reads an `RSAPrivateKey` of two primes.
    pub(crate) fn read(pkcs1: &'a [u8]) -> Option<Self> {
        let mut reader = SliceReader::new(pkcs1).ok()?;
        let numbers = reader.sequence(|fields| {
            u8::decode(fields)?;
            let modulus = UintRef::decode(fields)?.as_bytes();
            let exponent = UintRef::decode(fields)?.as_bytes();
            UintRef::decode(fields)?;
            let primes = [UintRef::decode(fields)?.as_bytes(), UintRef::decode(fields)?.as_bytes()];
            fields.drain(fields.remaining_len())?;
            Ok::<_, der::Error>(Self { modulus, exponent, primes })
        });
        numbers.ok().filter(|_| reader.finish().is_ok())
    }

    /// The modulus of an `RSAPublicKey`.
    pub(crate) fn public_modulus(public: &[u8]) -> Option<&[u8]> {
        rsa_public_numbers(public).map(|(modulus, _)| modulus)
    }

    pub(crate) const fn modulus(&self) -> &'a [u8] {
        self.modulus
    }

    pub(crate) fn modulus_bits(&self) -> usize {
        bit_length(self.modulus)
    }

    /// The first weakness found.
    pub(crate) fn weakness(&self) -> Option<RsaWeakness> {
        let [p, q] = self.primes;
        public_weakness(self.modulus, self.exponent).or_else(|| {
            let half = self.modulus_bits() / 2;
            if bit_length(p) != half || bit_length(q) != half {
                Some(RsaWeakness::UnevenPrimes)
            } else if distance_bits(p, q) <= half.saturating_sub(100) {
                Some(RsaWeakness::ClosePrimes)
            } else {
                None
            }
        })
    }
}

/// What the RSA key in a certificate's `SubjectPublicKeyInfo` gives away.
pub(crate) fn certificate_weakness(spki: &[u8]) -> Option<RsaWeakness> {
    let (modulus, exponent) = rsa_public_numbers(subject_public_key(spki)?)?;
    public_weakness(modulus, exponent)
}

/// Whether a modulus of this many bits is neither too short nor too long, and whole octets.
pub(crate) fn is_allowed_size(bits: usize) -> bool {
    caps::RSA_MODULUS_BITS.contains(&bits) && bits.is_multiple_of(8)
}

/// What the public numbers alone give away.
fn public_weakness(modulus: &[u8], exponent: &[u8]) -> Option<RsaWeakness> {
    let bits = bit_length(modulus);
    if !is_allowed_size(bits) {
        return Some(RsaWeakness::Size { bits: u16::try_from(bits).unwrap_or(u16::MAX) });
    }
    let exponent_bits = bit_length(exponent);
    let even = exponent.last().is_none_or(|last| last % 2 == 0);
    // An odd number of 17 bits or more is at least 65537.
    if even || !(17..=33).contains(&exponent_bits) {
        return Some(RsaWeakness::Exponent);
    }
    modulus_weakness(modulus)
}

/// The odd primes below 752, the bound of SP 800-89 section 5.3.3, in as few passes over a modulus as possible.
static PASSES: LazyLock<Vec<Pass>> = LazyLock::new(|| {
    let mut batches: Vec<Vec<u16>> = vec![Vec::new()];
    for prime in (3..752).filter(|&n| is_prime(n)) {
        match batches.last_mut() {
            Some(batch) if product(batch) * u128::from(prime) < MAX_PRODUCT => batch.push(prime),
            _ => batches.push(vec![prime]),
        }
    }
    batches.chunks(BATCHES).map(Pass::new).collect()
});

/// The sum of 128 products of a limb of 64 bits and a power below this bound fits 128 bits: 64 + 57 + 7.
const MAX_PRODUCT: u128 = 1 << 57;
const MAX_LIMBS: usize = *caps::RSA_MODULUS_BITS.end() / 64;
/// Batches of primes in one pass: their sums do not wait for each other.
const BATCHES: usize = 4;

/// Primes, and the powers of 2^64 modulo the product of each batch of them.
struct Pass {
    batches: Vec<Vec<Divisor>>,
    powers: Vec<[u64; BATCHES]>,
}

impl Pass {
    fn new(batches: &[Vec<u16>]) -> Self {
        let mut products = [1; BATCHES];
        products.iter_mut().zip(batches).for_each(|(value, batch)| *value = product(batch));
        // Below the products, which fit 57 bits.
        let low = |power: &[u128; BATCHES]| power.map(|power| power as u64);
        let next = |power: &[u128; BATCHES]| {
            Some(core::array::from_fn(|batch| (power[batch] << 64) % products[batch]))
        };
        let powers = core::iter::successors(Some([1; BATCHES]), next).take(MAX_LIMBS);
        Self {
            batches: batches.iter().map(|batch| batch.iter().copied().map(Divisor::new).collect()).collect(),
            powers: powers.map(|power| low(&power)).collect(),
        }
    }

    /// For each batch, a number that leaves the same remainders by its primes, found without a division.
    fn fold(&self, limbs: &[u64]) -> [u128; BATCHES] {
        let mut sums = [0; BATCHES];
        for (&limb, powers) in limbs.iter().zip(&self.powers) {
            for (sum, &power) in sums.iter_mut().zip(powers) {
                *sum += u128::from(limb) * u128::from(power);
            }
        }
        sums
    }
}

fn product(primes: &[u16]) -> u128 {
    primes.iter().map(|&prime| u128::from(prime)).product()
}

/// An odd prime, and what tells its multiples with one multiplication: modulo 2^128, it turns them into the numbers up
/// to `limit`, and every other number into one above.
struct Divisor {
    prime: u16,
    inverse: u128,
    limit: u128,
}

impl Divisor {
    fn new(prime: u16) -> Self {
        let value = u128::from(prime);
        // Newton's iteration: an odd number is its own inverse modulo 8, and each step doubles the bits that are right.
        let step = |inverse: u128, _| inverse.wrapping_mul(2_u128.wrapping_sub(value.wrapping_mul(inverse)));
        Self { prime, inverse: (0..6).fold(value, step), limit: u128::MAX / value }
    }

    const fn divides(&self, number: u128) -> bool {
        number.wrapping_mul(self.inverse) <= self.limit
    }
}

/// A prime factor below 752, else the ROCA fingerprint.
fn modulus_weakness(modulus: &[u8]) -> Option<RsaWeakness> {
    if modulus.last().is_none_or(|last| last % 2 == 0) {
        return Some(RsaWeakness::SmallFactor { factor: 2 });
    }
    let limbs = limbs(modulus);
    let mut is_roca = true;
    for pass in PASSES.iter() {
        for (divisors, folded) in pass.batches.iter().zip(pass.fold(&limbs)) {
            if let Some(divisor) = divisors.iter().find(|divisor| divisor.divides(folded)) {
                return Some(RsaWeakness::SmallFactor { factor: divisor.prime });
            }
            is_roca = is_roca && divisors.iter().all(|divisor| fits_roca(folded, divisor.prime));
        }
    }
    is_roca.then_some(RsaWeakness::Roca)
}

/// A big-endian number in limbs of 64 bits, from the lowest on.
fn limbs(number: &[u8]) -> Vec<u64> {
    let (first, whole) = number.as_rchunks::<8>();
    let first = first.iter().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
    whole.iter().rev().map(|limb| u64::from_be_bytes(*limb)).chain([first]).collect()
}

fn is_prime(n: u16) -> bool {
    n >= 2 && (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

/// A modulus whose primes are of the form k * M + 65537^a is a power of 65537 modulo each of these, since M is
/// divisible by all of them; about one other in 2^27 is.
const ROCA_PRIMES: core::ops::RangeInclusive<u16> = 3..=167;

/// Whether a number could be such a modulus, as far as this prime tells.
fn fits_roca(number: u128, prime: u16) -> bool {
    !ROCA_PRIMES.contains(&prime) || is_power_of_65537((number % u128::from(prime)) as u64, prime.into())
}

fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}

/// Bits of |p - q| for big-endian numbers of the same number of bits.
fn distance_bits(p: &[u8], q: &[u8]) -> usize {
    let (larger, smaller) = if p >= q { (p, q) } else { (q, p) };
    let mut difference = zeroize::Zeroizing::new(larger.to_vec());
    let mut borrow = 0;
    for (digit, &taken) in difference.iter_mut().rev().zip(smaller.iter().rev()) {
        let (value, first) = digit.overflowing_sub(taken);
        let (value, second) = value.overflowing_sub(borrow);
        *digit = value;
        borrow = u8::from(first || second);
    }
    bit_length(&difference)
}

#[cfg(test)]
mod tests {
    use super::{RsaWeakness, distance_bits, modulus_weakness, public_weakness};

    /// An odd number of 2048 bits without a factor below 752: 2^2047 + an offset that was searched for here.
    fn modulus() -> Vec<u8> {
        let mut number = vec![0_u8; 256];
        number[0] = 0x80;
        for low in (1..=u16::MAX).step_by(2) {
            number[254..].copy_from_slice(&low.to_be_bytes());
            if modulus_weakness(&number).is_none() {
                return number;
            }
        }
        unreachable!("one in twelve odd numbers has no factor below 752")
    }

    #[test]
    fn exponents() {
        let modulus = modulus();
        for (exponent, weak) in [
            (vec![3], true),
            (vec![1], true),
            (vec![0xff, 0xff], true),
            (vec![1, 0, 0], true),
            (vec![1, 0, 1], false),
            (vec![1, 0xff, 0xff, 0xff, 0xff], false),
            (vec![2, 0, 0, 0, 1], true),
            (vec![], true),
        ] {
            let expected = weak.then_some(RsaWeakness::Exponent);
            assert_eq!(public_weakness(&modulus, &exponent), expected, "{exponent:?}");
        }
    }

    #[test]
    fn sizes() {
        let mut longer = vec![1];
        longer.extend(modulus());
        assert_eq!(public_weakness(&longer, &[1, 0, 1]), Some(RsaWeakness::Size { bits: 2049 }));
        let short = public_weakness(&modulus()[1..], &[1, 0, 1]);
        assert!(matches!(short, Some(RsaWeakness::Size { bits: 1..2048 })), "{short:?}");
    }

    fn remainder(number: &[u8], divisor: u64) -> u64 {
        number.iter().fold(0, |rest, &byte| (rest << 8 | u64::from(byte)) % divisor)
    }

    #[test]
    fn small_factors() {
        let mut number = modulus();
        for factor in [3_u64, 17, 743, 751] {
            // Add what is missing to the next multiple.
            let mut carry = factor - remainder(&number, factor);
            for byte in number.iter_mut().rev() {
                carry += u64::from(*byte);
                *byte = carry as u8;
                carry >>= 8;
            }
            let found = match modulus_weakness(&number) {
                Some(RsaWeakness::SmallFactor { factor }) => u64::from(factor),
                other => panic!("{other:?}"),
            };
            assert!(found <= factor && remainder(&number, found) == 0);
        }
    }

    #[test]
    fn roca_is_told_from_other_moduli() {
        // 1 is 65537^0 modulo every prime.
        assert_eq!(modulus_weakness(&[1]), Some(RsaWeakness::Roca));
        assert_eq!(modulus_weakness(&modulus()), None);
    }

    #[test]
    fn distances() {
        assert_eq!(distance_bits(&[0x80, 0x00], &[0x7f, 0xff]), 1);
        assert_eq!(distance_bits(&[0x7f, 0xff], &[0x80, 0x00]), 1);
        assert_eq!(distance_bits(&[0xff, 0xff], &[0xff, 0xff]), 0);
        assert_eq!(distance_bits(&[0xff, 0x00], &[0x80, 0x00]), 15);
    }
}
