//! Any text as a chain: it decodes, or the error has a line and a text.

#![no_main]

use cert_core::{Chain, Language};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match Chain::decode(text) {
        Ok(chain) => assert!(!chain.certificates().is_empty()),
        Err(error) => {
            let lines = text.iter().filter(|&&b| b == b'\n' || b == b'\r').count() + 1;
            assert!(error.finding().location().line().is_none_or(|line| (1..=lines).contains(&line)));
            assert!(!error.finding().message(Language::En).is_empty());
        }
    }
});
