//! Password-based encryption: what the parameters ask for, what that costs, and the decryption.
//!
//! The parameters come from the upload, so their cost is charged to a [`Budget`] before anything is derived.

mod budget;
mod cbc;
mod pbes1;
mod pbes2;
mod pkcs12_kdf;
mod secret;
mod traditional;

use core::num::NonZeroU32;

use der::{
    Decode as _, Reader as _, SliceReader,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef},
};
use zeroize::Zeroizing;

#[cfg(feature = "pkcs12")]
pub(crate) use self::pkcs12_kdf::{Purpose, derive as derive_pkcs12};
pub(crate) use self::{
    budget::{Budget, Cost},
    secret::Secret,
    traditional::Traditional,
};
use self::{pbes1::Pbes1, pbes2::Pbes2, pkcs12_kdf::Pkcs12Pbe};
use crate::KeyError;

/// An `AlgorithmIdentifier` of an encryption with a passphrase.
pub(crate) enum Scheme<'a> {
    Pbes1(Pbes1<'a>),
    Pbes2(Pbes2<'a>),
    Pkcs12(Pkcs12Pbe<'a>),
    Unsupported(String),
}

impl<'a> Scheme<'a> {
    /// Reads the content of an `AlgorithmIdentifier`.
    pub(crate) fn read(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        let algorithm = ObjectIdentifier::decode(reader)?;
        if algorithm == pbes2::PBES2 {
            return Pbes2::read(reader);
        }
        if let Some((digest, cipher)) = pbes1::algorithm(algorithm) {
            let (salt, iterations) = read_salt_and_iterations(reader)?;
            return Ok(Self::Pbes1(Pbes1 { digest, cipher, salt, iterations }));
        }
        if let Some(cipher) = pkcs12_kdf::cipher(algorithm) {
            let (salt, iterations) = read_salt_and_iterations(reader)?;
            return Ok(Self::Pkcs12(Pkcs12Pbe { cipher, salt, iterations }));
        }
        reader.drain(reader.remaining_len())?;
        Ok(Self::Unsupported(name_of(algorithm)))
    }

    /// One that is not read here.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn unsupported(algorithm: ObjectIdentifier) -> Self {
        Self::Unsupported(name_of(algorithm))
    }

    /// What the derivation costs. A scheme that is not supported is refused here.
    pub(crate) fn cost(&self) -> Result<Cost, KeyError> {
        match self {
            Self::Pbes1(scheme) => Ok(scheme.iterations.into()),
            Self::Pbes2(scheme) => Ok(scheme.cost()),
            Self::Pkcs12(scheme) => Ok(scheme.iterations.into()),
            Self::Unsupported(name) => Err(KeyError::EncryptionUnsupported { name: name.clone() }),
        }
    }

    /// Decrypts, after its [cost](Self::cost) was charged.
    pub(crate) fn decrypt(&self, secret: &Secret<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Pbes1(scheme) => scheme.decrypt(secret, data),
            Self::Pbes2(scheme) => scheme.decrypt(secret, data),
            Self::Pkcs12(scheme) => scheme.decrypt(secret, data),
            Self::Unsupported(name) => Err(KeyError::EncryptionUnsupported { name: name.clone() }),
        }
    }
}

/// `EncryptedPrivateKeyInfo` (RFC 5958 section 3).
pub(crate) struct EncryptedKey<'a> {
    pub(crate) scheme: Scheme<'a>,
    pub(crate) data: &'a [u8],
}

impl<'a> EncryptedKey<'a> {
    pub(crate) fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let key = reader.sequence(|info| {
            let scheme = info.sequence(Scheme::read)?;
            Ok::<_, der::Error>(Self { scheme, data: <&OctetStringRef>::decode(info)?.as_bytes() })
        })?;
        reader.finish()?;
        Ok(key)
    }

    pub(crate) fn decrypt(&self, secret: &Secret<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.scheme.decrypt(secret, self.data)
    }
}

/// An iteration count, so large that it is refused where it does not fit.
#[derive(Clone, Copy)]
pub(crate) struct Iterations(u64);

impl Iterations {
    #[cfg(feature = "pkcs12")]
    pub(crate) const ONE: Self = Self(1);

    pub(crate) fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        let number = UintRef::decode(reader)?;
        let iterations = number
            .as_bytes()
            .iter()
            .try_fold(0_u64, |number, &byte| Some(number.checked_mul(256)? | u64::from(byte)));
        match iterations {
            Some(0) => Err(der::Tag::Integer.value_error().into()),
            iterations => Ok(Self(iterations.unwrap_or(u64::MAX))),
        }
    }

    /// The number, which was charged before and therefore is small.
    fn charged(self) -> Result<NonZeroU32, KeyError> {
        u32::try_from(self.0).ok().and_then(NonZeroU32::new).ok_or(KeyError::Invalid)
    }
}

impl From<Iterations> for Cost {
    fn from(iterations: Iterations) -> Self {
        Self::Iterations(iterations.0)
    }
}

/// `PBEParameter` and `pkcs-12PbeParams`: a salt and an iteration count.
fn read_salt_and_iterations<'a>(reader: &mut SliceReader<'a>) -> der::Result<(&'a [u8], Iterations)> {
    reader.sequence(|parameters| {
        let salt = <&OctetStringRef>::decode(parameters)?.as_bytes();
        Ok((salt, Iterations::read(parameters)?))
    })
}

/// The parameters of an `AlgorithmIdentifier`, where there are any that are not null.
pub(crate) fn read_parameters<'a>(reader: &mut SliceReader<'a>) -> der::Result<Option<AnyRef<'a>>> {
    if reader.is_finished() {
        return Ok(None);
    }
    Ok(Some(AnyRef::decode(reader)?).filter(|parameters| !parameters.is_null()))
}

/// The name of an algorithm that is not supported, else its object identifier.
pub(crate) fn name_of(oid: ObjectIdentifier) -> String {
    const NAMES: [(&str, &str); 18] = [
        ("1.2.156.10197.1.104.2", "SM4-CBC"),
        ("1.2.392.200011.61.1.1.1.2", "CAMELLIA-128-CBC"),
        ("1.2.392.200011.61.1.1.1.4", "CAMELLIA-256-CBC"),
        ("1.2.410.200046.1.1.2", "ARIA-128-CBC"),
        ("1.2.410.200046.1.1.12", "ARIA-256-CBC"),
        ("1.2.840.113549.1.5.1", "pbeWithMD2AndDES-CBC"),
        ("1.2.840.113549.1.5.4", "pbeWithMD2AndRC2-CBC"),
        ("1.2.840.113549.1.5.6", "pbeWithMD5AndRC2-CBC"),
        ("1.2.840.113549.1.5.11", "pbeWithSHA1AndRC2-CBC"),
        ("1.2.840.113549.1.5.14", "PBMAC1"),
        ("1.2.840.113549.1.12.1.1", "pbeWithSHA1And128BitRC4"),
        ("1.2.840.113549.1.12.1.2", "pbeWithSHA1And40BitRC4"),
        ("1.2.840.113549.1.7.2", "a digital signature"),
        ("1.2.840.113549.1.7.3", "a public key"),
        ("1.2.840.113549.2.8", "HMAC-SHA224"),
        ("1.2.840.113549.3.2", "RC2-CBC"),
        ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
        ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ];
    let dotted = oid.to_string();
    NAMES
        .iter()
        .find(|(known, _)| *known == dotted)
        .map_or_else(|| dotted.clone(), |(_, name)| (*name).into())
}

#[cfg(test)]
mod tests {
    use der::SliceReader;

    use super::{Cost, Iterations};

    fn read(der: &[u8]) -> Option<u64> {
        let iterations = Iterations::read(&mut SliceReader::new(der).unwrap());
        iterations.ok().map(|iterations| match iterations.into() {
            Cost::Iterations(number) => number,
            Cost::Scrypt { .. } => unreachable!("these are iterations"),
        })
    }

    #[test]
    fn iterations_of_all_sizes() {
        assert_eq!(read(&[2, 2, 0x08, 0x00]), Some(2048));
        assert_eq!(read(&[2, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(u64::MAX));
        assert_eq!(read(&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 1]), Some(u64::MAX), "beyond all numbers");
        assert_eq!(read(&[2, 1, 0]), None);
        assert_eq!(read(&[2, 1, 0xff]), None, "negative");
    }
}
