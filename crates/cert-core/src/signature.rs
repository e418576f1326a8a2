//! The signatures of certificates: who signed what.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{self, Digest, SHA256};
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use crate::{
    Certificate, Fingerprint, SignatureCache,
    anchor_key::AnchorKey,
    cursor::Cursor,
    trust::{Anchor, name_content},
};

/// What signatures may be made with: every algorithm of `webpki` with aws-lc. SHA-1 and MD5 are not among them.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = webpki::ALL_VERIFICATION_ALGS;

/// The signature checks of one examination. What succeeded before is in the cache, and what failed is remembered here,
/// so that no order of hostile certificates makes a slow check run twice.
#[derive(Debug)]
pub(crate) struct SignatureChecks<'a> {
    cache: &'a SignatureCache,
    /// The anchors that the chain names, whose keys are ready.
    anchors: &'a [&'a Anchor],
    /// The signed part of the leaf, which is not for the cache: nobody shares it.
    leaf: &'a [u8],
    failed: Mutex<Vec<[u8; 32]>>,
}

impl<'a> SignatureChecks<'a> {
    pub(crate) fn new(cache: &'a SignatureCache, anchors: &'a [&'a Anchor], leaf: &'a Certificate) -> Self {
        Self { cache, anchors, leaf: leaf.signed_part(), failed: Mutex::new(Vec::new()) }
    }

    /// The algorithms that the chain is signed with, for `webpki`.
    pub(crate) fn algorithms(&self, chain: &[Certificate]) -> Vec<CheckingAlgorithm<'_>> {
        let is_used = |algorithm: &dyn SignatureVerificationAlgorithm| {
            let id = algorithm.signature_alg_id();
            chain.iter().any(|certificate| certificate.signature_algorithm() == id.as_ref())
        };
        let used = ALGORITHMS.iter().filter(|algorithm| is_used(**algorithm));
        used.map(|&algorithm| CheckingAlgorithm { algorithm, checks: self }).collect()
    }

    /// Whether `certificate` was signed by the key in `issuer_spki`, the content of a `SubjectPublicKeyInfo`.
    pub(crate) fn is_signed_by(&self, certificate: &Certificate, issuer_spki: &[u8]) -> bool {
        let Some((key_algorithm, key)) = split_spki(issuer_spki) else {
            return false;
        };
        ALGORITHMS.iter().any(|&algorithm| {
            algorithm.signature_alg_id().as_ref() == certificate.signature_algorithm()
                && algorithm.public_key_alg_id().as_ref() == key_algorithm
                && self.check(algorithm, key, certificate.signed_part(), certificate.signature()).is_ok()
        })
    }

    /// Whether `certificate` was signed by the key of `issuer`.
    pub(crate) fn is_signed_by_certificate(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.is_signed_by(certificate, name_content(issuer.spki_der()))
    }

    fn check(
        &self,
        algorithm: &'static dyn SignatureVerificationAlgorithm,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let anchor = self.anchors.iter().map(|anchor| &anchor.key).find(|key| key.is(public_key));
        let check = Check { algorithm, public_key, anchor, message, signature };
        if message == self.leaf { self.check_leaf(&check) } else { self.check_issuer(&check) }
    }

    fn check_leaf(&self, check: &Check<'_>) -> Result<(), InvalidSignature> {
        if self.failed().is_empty() {
            // It was not checked before, or it succeeded: that is not worth a digest.
            return check.verify(None).inspect_err(|_| self.failed().push(check.digest(&check.sha256())));
        }
        let sha256 = check.sha256();
        self.verify_unless_failed(check, &sha256, check.digest(&sha256))
    }

    fn check_issuer(&self, check: &Check<'_>) -> Result<(), InvalidSignature> {
        let sha256 = check.sha256();
        let digest = check.digest(&sha256);
        if !self.cache.knows(&digest) {
            self.verify_unless_failed(check, &sha256, digest)?;
            self.cache.remember(digest);
        }
        Ok(())
    }

    fn verify_unless_failed(
        &self,
        check: &Check<'_>,
        sha256: &Digest,
        digest: [u8; 32],
    ) -> Result<(), InvalidSignature> {
        if self.failed().contains(&digest) {
            return Err(InvalidSignature);
        }
        check.verify(Some(sha256)).inspect_err(|_| self.failed().push(digest))
    }

    fn failed(&self) -> MutexGuard<'_, Vec<[u8; 32]>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One signature, one message, one key.
struct Check<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    public_key: &'a [u8],
    /// The anchor that the key is, where it is one.
    anchor: Option<&'a AnchorKey>,
    message: &'a [u8],
    signature: &'a [u8],
}

impl Check<'_> {
    /// The arithmetic. `sha256` is the message's digest, where it is known already.
    fn verify(&self, sha256: Option<&Digest>) -> Result<(), InvalidSignature> {
        match self.anchor {
            Some(key) => key.verify(self.algorithm, self.message, sha256, self.signature),
            None => self.algorithm.verify_signature(self.public_key, self.message, self.signature),
        }
    }

    /// SHA-256 of the message.
    fn sha256(&self) -> Digest {
        digest::digest(&SHA256, self.message)
    }

    /// SHA-256 over all that the arithmetic depends on, each part behind its length, so that no two lists of parts are
    /// the same bytes. The issuer's key and the message stand there as their own SHA-256, which are known or needed
    /// anyway.
    fn digest(&self, message: &Digest) -> [u8; 32] {
        let (key_algorithm, algorithm) =
            (self.algorithm.public_key_alg_id(), self.algorithm.signature_alg_id());
        let issuer = self.anchor.map_or_else(|| Fingerprint::of(self.public_key), AnchorKey::fingerprint);
        let parts =
            [key_algorithm.as_ref(), algorithm.as_ref(), issuer.as_bytes(), self.signature, message.as_ref()];
        let mut text = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        *Fingerprint::of(&text).as_bytes()
    }
}

/// An algorithm as `webpki` sees it: it does not know that checks are remembered.
#[derive(Debug)]
pub(crate) struct CheckingAlgorithm<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    checks: &'a SignatureChecks<'a>,
}

impl SignatureVerificationAlgorithm for CheckingAlgorithm<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.checks.check(self.algorithm, public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

/// Whether any algorithm here can check the certificate's signature.
pub(crate) fn is_supported(certificate: &Certificate) -> bool {
    ALGORITHMS
        .iter()
        .any(|algorithm| algorithm.signature_alg_id().as_ref() == certificate.signature_algorithm())
}

/// The content of the algorithm identifier, and the octets of the key.
pub(crate) fn split_spki(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = Cursor::new(content);
    let algorithm = info.element().ok()?.value.of(content);
    let (octets, unused_bits) = info.bit_string().ok()?;
    (unused_bits == 0).then_some((algorithm, octets))
}

#[cfg(test)]
mod tests {
    use super::SignatureChecks;
    use crate::{
        Chain, SignatureCache, Timestamp,
        testing::{TestCa, TestLeaf},
    };

    #[test]
    fn what_failed_is_not_checked_again_and_what_succeeded_is_shared_but_for_the_leaf() {
        let now = Timestamp::from_unix(1_795_000_000);
        let root = TestCa::root("Root", now);
        let issued = root.intermediate("CA").issue(&TestLeaf::new(&["a.example"]));
        let stranger = TestCa::root("CA", now);
        let parts = [issued.certificates().concat(), stranger.der().to_vec(), root.der().to_vec()].concat();
        let chain = Chain::decode(&parts).unwrap();
        let [leaf, ca, stranger, root] = chain.certificates() else { panic!("four certificates") };
        let cache = SignatureCache::default();
        let checks = SignatureChecks::new(&cache, &[], leaf);
        for _ in 0..2 {
            assert!(checks.is_signed_by_certificate(leaf, ca));
            assert!(!checks.is_signed_by_certificate(leaf, stranger));
            assert_eq!((checks.failed().len(), cache.len()), (1, 0));
        }
        for _ in 0..2 {
            assert!(checks.is_signed_by_certificate(ca, root));
            assert!(!checks.is_signed_by_certificate(ca, stranger));
            assert_eq!((checks.failed().len(), cache.len()), (2, 1));
        }
    }
}
