//! Any bytes as a certificate: what decodes keeps its DER, and everything that is asked of it has an answer.

#![no_main]

use cert_core::Chain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|der: &[u8]| {
    let Ok(chain) = Chain::decode(der) else { return };
    let again: Vec<u8> = chain.certificates().iter().flat_map(|certificate| certificate.as_der().to_vec()).collect();
    // A chain in PEM does not come back as DER.
    assert!(again == der || der.starts_with(b"-") || !der.starts_with(&[0x30]));
    for certificate in chain.certificates() {
        let _ = (certificate.subject(), certificate.issuer(), certificate.display_name(), certificate.cover_names());
        let _ = (certificate.serial(), certificate.fingerprint(), certificate.key_type(), certificate.is_ca());
    }
});
