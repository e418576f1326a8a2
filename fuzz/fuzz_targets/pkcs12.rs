//! Any bytes as a PKCS #12 file: opening and inspecting agree, with a passphrase and without.

#![no_main]

use std::sync::{Arc, LazyLock};

use cert_core::{Bundle, Input, Passphrase, Timestamp, TrustAnchors, ValidationPolicy};
use libfuzzer_sys::fuzz_target;

const ROOT: &[u8] = include_bytes!("../../crates/cert-core/tests/data/encrypted/root.pem");
const NOW: Timestamp = Timestamp::from_unix(1_796_000_000);

static POLICY: LazyLock<ValidationPolicy> = LazyLock::new(|| {
    let anchors = TrustAnchors::from_pem(ROOT).expect("the frozen certificate decodes");
    ValidationPolicy::new(Arc::new(anchors))
});

fuzz_target!(|file: &[u8]| {
    let passphrase = Passphrase::new("secret");
    for input in [Input::pkcs12(file), Input::pkcs12(file).passphrase(&passphrase)] {
        let report = input.inspect(&POLICY, NOW);
        let validated = Bundle::open(input).and_then(|bundle| bundle.validate(&POLICY, NOW));
        let refused = validated.err().map(|error| error.rule());
        assert_eq!(refused, report.first_error().map(|finding| finding.rule()));
    }
});
