//! Any bytes as a key beside a good chain: never a panic, and only the chain's own key is accepted, encrypted or not.

#![no_main]

use cert_core::{Bundle, Input, Passphrase};
use libfuzzer_sys::fuzz_target;

const RSA: &[u8] = include_bytes!("../../crates/cert-core/tests/data/rsa2048.pem");
/// Whose key is among the seeds in every encrypted form.
const EC: &[u8] = include_bytes!("../../crates/cert-core/tests/data/encrypted/ec.pem");

fuzz_target!(|key: &[u8]| {
    let passphrase = Passphrase::new("secret");
    for chain in [RSA, EC] {
        if let Ok(bundle) = Bundle::open(Input::pair(chain, key).passphrase(&passphrase)) {
            assert_eq!(Some(bundle.key().key_type()), bundle.leaf().key_type());
            let pem = bundle.key().secret_pem();
            let again = Bundle::decode(chain, pem.as_bytes()).expect("what is given back decodes");
            assert_eq!(again.key().secret_der(), bundle.key().secret_der());
        }
    }
});
