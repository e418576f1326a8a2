//! The public key of a trust anchor, parsed once.
//!
//! Parsing an RSA key, and what is computed from its modulus at the first use, take an eighth of a signature check.
//! An intermediate's key is used for one upload; an anchor's is used for all of them.

use core::fmt;
use std::sync::OnceLock;

use aws_lc_rs::{
    digest::Digest,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, VerificationAlgorithm,
    },
};
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

use crate::{Fingerprint, signature::split_spki};

/// The key of an anchor.
pub(crate) struct AnchorKey {
    octets: Vec<u8>,
    fingerprint: Fingerprint,
    /// For each algorithm of [`NATIVE`], once it was asked for; `None` where the key is of another type.
    ready: [OnceLock<Option<ParsedPublicKey>>; NATIVE.len()],
}

impl AnchorKey {
    /// From the content of the anchor's `SubjectPublicKeyInfo`.
    pub(crate) fn new(spki: &[u8]) -> Self {
        let octets = split_spki(spki).map(|(_, octets)| octets.to_vec()).unwrap_or_default();
        Self {
            fingerprint: Fingerprint::of(&octets),
            octets,
            ready: [const { OnceLock::new() }; NATIVE.len()],
        }
    }

    /// SHA-256 of its octets.
    pub(crate) const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether these are the octets of this key.
    pub(crate) fn is(&self, octets: &[u8]) -> bool {
        self.octets == octets
    }

    /// Checks a signature by this key. `sha256` is the message's digest, where it is known already.
    pub(crate) fn verify(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        message: &[u8],
        sha256: Option<&Digest>,
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let Some((native, key)) = self.ready_for(algorithm) else {
            return algorithm.verify_signature(&self.octets, message, signature);
        };
        let verified = match sha256.filter(|_| native.uses_sha256) {
            Some(digest) => key.verify_digest_sig(digest, signature),
            None => key.verify_sig(message, signature),
        };
        verified.map_err(|_| InvalidSignature)
    }

    fn ready_for(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
    ) -> Option<(&'static Native, &ParsedPublicKey)> {
        let (key, signature) = (algorithm.public_key_alg_id(), algorithm.signature_alg_id());
        let mut known = NATIVE.iter().zip(&self.ready);
        let (native, ready) = known.find(|(native, _)| native.key == key && native.signature == signature)?;
        let parse = || ParsedPublicKey::new(native.algorithm, &self.octets).ok();
        Some((native, ready.get_or_init(parse).as_ref()?))
    }
}

impl fmt::Debug for AnchorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnchorKey").finish_non_exhaustive()
    }
}

/// aws-lc's own name for an algorithm that `webpki` knows by the identifiers of key and signature.
struct Native {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    algorithm: &'static dyn VerificationAlgorithm,
    uses_sha256: bool,
}

/// What CAs of the web PKI sign with. With others, a key is parsed each time.
static NATIVE: [Native; 4] = [
    Native {
        key: alg_id::RSA_ENCRYPTION,
        signature: alg_id::RSA_PKCS1_SHA256,
        algorithm: &RSA_PKCS1_2048_8192_SHA256,
        uses_sha256: true,
    },
    Native {
        key: alg_id::RSA_ENCRYPTION,
        signature: alg_id::RSA_PKCS1_SHA384,
        algorithm: &RSA_PKCS1_2048_8192_SHA384,
        uses_sha256: false,
    },
    Native {
        key: alg_id::ECDSA_P256,
        signature: alg_id::ECDSA_SHA256,
        algorithm: &ECDSA_P256_SHA256_ASN1,
        uses_sha256: true,
    },
    Native {
        key: alg_id::ECDSA_P384,
        signature: alg_id::ECDSA_SHA384,
        algorithm: &ECDSA_P384_SHA384_ASN1,
        uses_sha256: false,
    },
];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        Chain, KeyType, Timestamp, ValidationPolicy,
        testing::{TestCa, TestLeaf},
    };

    #[test]
    fn a_key_that_was_used_before_still_tells_good_from_bad() {
        let now = Timestamp::from_unix(1_795_000_000);
        for key_type in [KeyType::Rsa { bits: 2048 }, KeyType::EcP256, KeyType::EcP384, KeyType::EcP521] {
            let root = TestCa::root_with_key(key_type, "Root", now);
            let policy = ValidationPolicy::new(Arc::new(root.trust()));
            let namesake = TestCa::root_with_key(key_type, "Root", now);
            for (ca, accepted) in [(&root, true), (&namesake, false), (&root, true)] {
                let issued = ca.issue(&TestLeaf::new(&["a.example"]));
                let verdict = Chain::decode(&issued.certificates().concat())
                    .and_then(|chain| chain.validate(&policy, now));
                assert_eq!(verdict.is_ok(), accepted, "{key_type}: {verdict:?}");
            }
        }
    }
}
