//! What the `# Errors` sections say: every rule that can refuse.

use cert_core::{RULE_TABLE, Rule};

/// Where the fallible steps of a verdict are documented.
const SOURCES: [&str; 3] =
    [include_str!("../src/bundle.rs"), include_str!("../src/chain.rs"), include_str!("../src/input.rs")];

#[test]
fn every_rule_that_refuses_is_named() {
    let documentation: String = SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter(|line| line.trim_start().starts_with("///"))
        .collect();
    let is_adjustable = |rule: Rule| RULE_TABLE.iter().any(|entry| entry.rule == rule);
    let missing: Vec<&Rule> = Rule::ALL
        .iter()
        // The table is named as a whole, and this one is always a warning.
        .filter(|&&rule| !is_adjustable(rule) && rule != Rule::ExtraEndsEarlier)
        .filter(|rule| !documentation.contains(&format!("`{rule}`")))
        .collect();
    assert!(missing.is_empty(), "no `# Errors` section names {missing:?}");
}
