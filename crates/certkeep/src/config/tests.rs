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
    assert_eq!(config.limits.max_body, 1024 * 1024);
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
        (&format!("{CREDENTIAL}[limits]\nmax_requests = 0\n"), "limits.max_requests"),
        (&format!("{CREDENTIAL}[limits]\nbody_timeout = \"0s\"\n"), "limits.body_timeout"),
        (&format!("{CREDENTIAL}require_date = true\n"), "qbox signs no date"),
        (&format!("{CREDENTIAL}schemes = []\n"), "schemes is empty"),
        (&format!("{CREDENTIAL}schemes = [\"basic\"]\n"), "unknown variant `basic`"),
        (&format!("store_password_file = \"/no/such\"\n{CREDENTIAL}"), "for a store in Postgres"),
        (
            &format!("store = \"postgres://u@h/d\"\nstore_password_file = \"/no/such\"\n{CREDENTIAL}"),
            "/no/such",
        ),
        (
            &format!("{CREDENTIAL}quota = 3\n{}quota = 4\n", CREDENTIAL.replace("AK", "AK2")),
            "disagree about class or quota",
        ),
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

#[test]
fn an_owner_may_have_several_credentials() {
    let second = CREDENTIAL.replace("AK", "AK2");
    let text = format!("{CREDENTIAL}quota = 3\n{second}quota = 3\n{}", CREDENTIAL.replace("AK", "AK3"));
    let config = check(&text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.credentials.len(), 3);
    assert_eq!(config.plans.plan(&OwnerId::new("o").unwrap()).quota().live, 3);
}

#[test]
fn a_password_comes_from_a_file_and_is_not_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "open&sesame\n").unwrap();
    for store in ["postgres://u@h/d", "postgres://u@h/d?connections=2"] {
        let path = file.path().display();
        let text = format!("store = \"{store}\"\nstore_password_file = \"{path}\"\n{CREDENTIAL}");
        let config = check(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.store.to_string(), "postgres://u@h/d (schema certkeep)");
        assert!(!format!("{:?}", config.store).contains("sesame"));
    }
}

/// The configurations that the guides print.
#[test]
fn what_the_guides_print_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, anchor) = (folder.path().join("secret"), folder.path().join("private-ca.pem"));
    std::fs::write(&secret, "sesame").unwrap();
    std::fs::write(&anchor, TestCa::root("Root", now(&SystemClock)).pem()).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = 0;
    for document in ["README.md", "docs/operations.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split_once("```").unwrap().0;
            // Files of somebody else's machine.
            let mut block = block
                .replace("/etc/certkeep/secret", &secret.display().to_string())
                .replace("/etc/certkeep/db-password", &secret.display().to_string())
                .replace("./private-ca.pem", &anchor.display().to_string());
            if !block.contains("[[credential]]") {
                block.push_str(CREDENTIAL);
            }
            check(&block).unwrap_or_else(|error| panic!("{document}: {error}\n{block}"));
            found += 1;
        }
    }
    assert_eq!(found, 3);
}
