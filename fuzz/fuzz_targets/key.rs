//! Any bytes as a key beside a good chain: never a panic, and only the chain's own key is accepted.

#![no_main]

use cert_core::Bundle;
use libfuzzer_sys::fuzz_target;

const CHAIN: &[u8] = include_bytes!("../../crates/cert-core/tests/data/rsa2048.pem");

fuzz_target!(|key: &[u8]| {
    if let Ok(bundle) = Bundle::decode(CHAIN, key) {
        assert_eq!(Some(bundle.key().key_type()), bundle.leaf().key_type());
        let pem = bundle.key().secret_pem();
        let again = Bundle::decode(CHAIN, pem.as_bytes()).expect("what is given back decodes");
        assert_eq!(again.key().secret_der(), bundle.key().secret_der());
    }
});
