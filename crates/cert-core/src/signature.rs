//! One signature of one certificate by one key.

use pki_types::SignatureVerificationAlgorithm;

use crate::{Certificate, cursor::Cursor, trust::name_content};

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

/// The content of the algorithm identifier, and the octets of the key.
pub(crate) fn split_spki(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = Cursor::new(content);
    let algorithm = info.element().ok()?.value.of(content);
    let (octets, unused_bits) = info.bit_string().ok()?;
    (unused_bits == 0).then_some((algorithm, octets))
}
