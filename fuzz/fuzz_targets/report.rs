//! Any bytes as an upload: validation and inspection agree, and every finding has its texts.

#![no_main]

use std::sync::{Arc, LazyLock};

use cert_core::{Bundle, Input, Language, Passphrase, Timestamp, TrustAnchors, ValidationPolicy};
use libfuzzer_sys::fuzz_target;

const ROOT: &[u8] = include_bytes!("../../crates/cert-core/tests/data/rsa2048.pem");
const NOW: Timestamp = Timestamp::from_unix(1_796_000_000);

static POLICY: LazyLock<ValidationPolicy> = LazyLock::new(|| {
    let anchors = TrustAnchors::from_pem(ROOT).expect("the frozen certificate decodes");
    ValidationPolicy::new(Arc::new(anchors))
});

fuzz_target!(|data: &[u8]| {
    let [high, low, rest @ ..] = data else { return };
    let middle = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (chain, key) = rest.split_at(middle);
    let passphrase = Passphrase::new("secret");
    let input = Input::pair(chain, key).passphrase(&passphrase);
    let report = input.inspect(&POLICY, NOW);
    for finding in report.findings() {
        for language in Language::ALL {
            assert!(!finding.message(*language).is_empty());
            assert!(finding.fix(*language).is_none_or(|fix| !fix.is_empty()));
        }
    }
    let validated = Bundle::open(input).and_then(|bundle| bundle.validate(&POLICY, NOW));
    let refused = validated.err().map(|error| error.rule());
    assert_eq!(refused, report.first_error().map(|finding| finding.rule()));
});
