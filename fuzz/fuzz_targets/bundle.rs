//! Any bytes as chain and key, the first two telling where one ends.

#![no_main]

use cert_core::Bundle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [high, low, rest @ ..] = data else { return };
    let middle = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (chain, key) = rest.split_at(middle);
    let _ = Bundle::decode(chain, key);
});
