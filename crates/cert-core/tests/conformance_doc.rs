//! `docs/conformance.md` lists the rules as they are.

use std::{env, fmt::Write as _, fs, path::Path};

use cert_core::{RULE_TABLE, RuleLevel};

#[test]
fn the_table_of_rules_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    let Ok(page) = fs::read_to_string(&path) else {
        eprintln!("skipped: the crate is alone, without {}", path.display());
        return;
    };
    let table = table();
    assert!(page.contains(&table), "docs/conformance.md should have this table:\n{table}");
}

fn table() -> String {
    let mut table = "| rule | public | private | clause |\n|---|---|---|---|\n".to_owned();
    for entry in RULE_TABLE {
        let (public, private) = (level(entry.public), level(entry.private));
        writeln!(table, "| `{}` | {public} | {private} | {} |", entry.rule, entry.clause)
            .expect("a String takes it");
    }
    table
}

const fn level(level: RuleLevel) -> &'static str {
    match level {
        RuleLevel::Allow => "allow",
        RuleLevel::Deny => "deny",
        RuleLevel::Note => "note",
        RuleLevel::Warn => "warn",
    }
}
