//! Path validation as a TLS client does it, with webpki alone.

use std::{hint::black_box, time::Duration};

use certkeep_benches::sample::{NOW, Sample};
use pki_types::{CertificateDer, TrustAnchor, UnixTime};

/// The web PKI's anchors and the sample's.
pub(crate) fn anchors(sample: &Sample) -> Vec<TrustAnchor<'_>> {
    let mut anchors: Vec<TrustAnchor<'_>> = webpki_roots::TLS_SERVER_ROOTS.to_vec();
    let root = CertificateDer::from(sample.certificates[2].as_slice());
    anchors.push(webpki::anchor_from_trusted_cert(&root).expect("a root reads back").to_owned());
    anchors
}

/// Verifies the leaf and its intermediate.
pub(crate) fn verify(anchors: &[TrustAnchor<'_>], certificates: &[Vec<u8>]) {
    let leaf = CertificateDer::from(certificates[0].as_slice());
    let intermediates = [CertificateDer::from(certificates[1].as_slice())];
    let end_entity = webpki::EndEntityCert::try_from(&leaf).expect("it decodes");
    let path = end_entity.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        anchors,
        &intermediates,
        UnixTime::since_unix_epoch(Duration::from_secs(NOW.as_unix().unsigned_abs())),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    );
    black_box(path.expect("it is valid").anchor().subject.len());
}
