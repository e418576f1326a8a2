//! What configurations are refused, and how it is said.

use cert_core::{
    ValidationPolicy, inspect,
    testing::{TestCa, TestLeaf},
};
use cert_service::{Policies as _, SystemClock, now};
use cert_store::OwnerId;

use super::{Config, file::FileConfig};

const CREDENTIAL: &str = "[[credential]]\naccess_key = \"AK\"\nsecret_key = \"SK\"\nowner = \"o\"\n";

fn check(text: &str) -> Result<Config, String> {
    FileConfig::parse(text).map_err(|(line, message)| format!("{line}: {message}")).and_then(Config::check)
}

#[test]
fn what_is_not_said_has_its_default() {
    let config = check(CREDENTIAL).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.store.to_string(), "sled:./certkeep-data/store");
    assert_eq!(config.max_body, 1024 * 1024);
    assert!(config.expose_private_keys);
    assert!(config.credentials.contains_key("AK"));
}

#[test]
fn mistakes_are_named_with_their_line_and_without_secrets() {
    let long = CREDENTIAL.replace("owner", "ownr");
    let cases = [
        ("", "nobody could call"),
        ("listn = \"x\"\n", "1: unknown field `listn`"),
        (&long, "4: unknown field `ownr`"),
        (&format!("listen = \"here\"\n{CREDENTIAL}"), "address and a port"),
        (&format!("store = \"disk\"\n{CREDENTIAL}"), "memory:, sled:PATH or postgres:"),
        (&format!("store = \"postgres://u:sesame@h/d?x=1\"\n{CREDENTIAL}"), "unknown option `x`"),
        (&format!("{CREDENTIAL}class = \"x\"\n"), "no [class.x]"),
        (&format!("{CREDENTIAL}{CREDENTIAL}"), "twice"),
        (&format!("{CREDENTIAL}[limits]\nmax_body = \"1GB\"\n"), "limits.max_body"),
        (&format!("{CREDENTIAL}[validation]\nrules = {{ nonsense = \"deny\" }}\n"), "no rule nonsense"),
        (&format!("{CREDENTIAL}[validation]\nrules = {{ expired = \"allow\" }}\n"), "cannot be changed"),
        (&format!("{CREDENTIAL}[validation]\ntrust = [\"/no/such.pem\"]\n"), "/no/such.pem"),
        (
            &format!(
                "{CREDENTIAL}[validation]\nminimum_validity = {{ absolute = \"1w\", lifetime_fraction = 0.1 }}\n"
            ),
            "minimum_validity.absolute",
        ),
    ];
    for (text, expected) in cases {
        let error = check(text).err().unwrap_or_default();
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
        assert!(!error.contains("SK"), "{error}");
    }
}

#[test]
fn a_private_authority_is_trusted_for_the_class_that_names_it_only() {
    let folder = tempfile::tempdir().unwrap();
    let now = now(&SystemClock);
    let root = TestCa::root("Private Root", now);
    let anchor = folder.path().join("root.pem");
    std::fs::write(&anchor, root.pem()).unwrap();
    let text = format!(
        "[limits]\nquota = 7\n[class.internal]\ntrust = [\"webpki\", \"{}\"]\nquota = 3\n\
         {CREDENTIAL}class = \"internal\"\n{}",
        anchor.display(),
        CREDENTIAL.replace("AK", "AK2").replace("\"o\"", "\"other\""),
    );
    let plans = check(&text).unwrap_or_else(|error| panic!("{error}")).plans;

    let issued = root.intermediate("Private CA").issue(&TestLeaf::new(&["www.example.com"]));
    let accepts =
        |policy: &ValidationPolicy| inspect(issued.chain_pem().as_bytes(), None, policy, now).accepted();
    for (owner, accepted, quota) in [("o", true, 3), ("other", false, 7), ("unknown", false, 7)] {
        let plan = plans.plan(&OwnerId::new(owner).unwrap());
        assert_eq!((accepts(plan.validation()), plan.quota().live), (accepted, quota), "{owner}");
    }
}
