//! The MAC of a PKCS #12 file (RFC 7292 section 4): it tells a right passphrase from a wrong one.

use aws_lc_rs::{
    digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA224, SHA256, SHA384, SHA512},
    hmac,
};
use der::{
    Decode as _, Reader as _, SliceReader,
    asn1::{ObjectIdentifier, OctetStringRef},
};

use crate::{
    KeyError,
    pbe::{Cost, Iterations, Purpose, Secret, derive_pkcs12, name_of, read_parameters},
};

/// `MacData`.
pub(super) struct Mac<'a> {
    algorithm: Result<Algorithm, String>,
    expected: &'a [u8],
    salt: &'a [u8],
    iterations: Iterations,
}

#[derive(Clone, Copy)]
struct Algorithm {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl<'a> Mac<'a> {
    /// Reads the content of `MacData`.
    pub(super) fn read(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        let (algorithm, expected) = reader.sequence(|info| {
            let algorithm = info.sequence(|algorithm| {
                let oid = ObjectIdentifier::decode(algorithm)?;
                read_parameters(algorithm)?;
                Ok::<_, der::Error>(oid)
            })?;
            Ok::<_, der::Error>((algorithm, <&OctetStringRef>::decode(info)?.as_bytes()))
        })?;
        let salt = <&OctetStringRef>::decode(reader)?.as_bytes();
        let iterations = if reader.is_finished() { Iterations::ONE } else { Iterations::read(reader)? };
        Ok(Self { algorithm: Algorithm::of(algorithm), expected, salt, iterations })
    }

    /// What it costs to verify it.
    pub(super) fn cost(&self) -> Result<Cost, KeyError> {
        self.algorithm().map(|_| self.iterations.into())
    }

    /// Whether `content` was written by somebody with this passphrase.
    pub(super) fn verifies(&self, secret: &Secret<'_>, content: &[u8]) -> Result<bool, KeyError> {
        let Algorithm { digest, hmac } = self.algorithm()?;
        let length = digest.output_len();
        let key = derive_pkcs12(digest, secret, self.salt, self.iterations, Purpose::Mac, length)?;
        Ok(hmac::verify(&hmac::Key::new(hmac, &key), content, self.expected).is_ok())
    }

    fn algorithm(&self) -> Result<Algorithm, KeyError> {
        self.algorithm.clone().map_err(|name| KeyError::EncryptionUnsupported { name })
    }
}

impl Algorithm {
    fn of(oid: ObjectIdentifier) -> Result<Self, String> {
        let (digest, hmac) = match oid {
            OID_SHA1 => (&SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            OID_SHA224 => (&SHA224, hmac::HMAC_SHA224),
            OID_SHA256 => (&SHA256, hmac::HMAC_SHA256),
            OID_SHA384 => (&SHA384, hmac::HMAC_SHA384),
            OID_SHA512 => (&SHA512, hmac::HMAC_SHA512),
            other => return Err(name_of(other)),
        };
        Ok(Self { digest, hmac })
    }
}

const OID_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const OID_SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const OID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const OID_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const OID_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
