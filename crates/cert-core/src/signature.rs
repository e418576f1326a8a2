//! One signature of one certificate by one key.

use pki_types::SignatureVerificationAlgorithm;

use crate::{Certificate, trust::name_content};

/// What signatures may be made with: every algorithm of `webpki` with aws-lc. SHA-1 and MD5 are not among them.
pub(crate) static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = webpki::ALL_VERIFICATION_ALGS;

/// Whether `certificate` was signed by the key in `issuer_spki`, the content of a `SubjectPublicKeyInfo`.
pub(crate) fn is_signed_by(certificate: &Certificate, issuer_spki: &[u8]) -> bool {
    let Some((key_algorithm, key)) = split_spki(issuer_spki) else {
        return false;
    };
    ALGORITHMS.iter().any(|algorithm| {
        algorithm.signature_alg_id().as_ref() == certificate.signature_algorithm()
            && algorithm.public_key_alg_id().as_ref() == key_algorithm
            && algorithm.verify_signature(key, certificate.signed_part(), certificate.signature()).is_ok()
    })
}

/// Whether `certificate` was signed by the key of `issuer`.
pub(crate) fn is_signed_by_certificate(certificate: &Certificate, issuer: &Certificate) -> bool {
    is_signed_by(certificate, name_content(issuer.spki_der()))
}

/// Whether any algorithm here can check the certificate's signature.
pub(crate) fn is_supported(certificate: &Certificate) -> bool {
    ALGORITHMS
        .iter()
        .any(|algorithm| algorithm.signature_alg_id().as_ref() == certificate.signature_algorithm())
}

/// The content of the algorithm identifier, and the bits of the key.
fn split_spki(content: &[u8]) -> Option<(&[u8], &[u8])> {
    use der::{
        Decode as _, SliceReader,
        asn1::{AnyRef, BitStringRef},
    };
    let mut reader = SliceReader::new(content).ok()?;
    let algorithm = AnyRef::decode(&mut reader).ok()?;
    let key = BitStringRef::decode(&mut reader).ok()?;
    Some((algorithm.value(), key.as_bytes()?))
}
