//! What holds for any input: a verdict without a panic, and verdicts that agree with each other.

use std::sync::{Arc, LazyLock};

use cert_core::{
    Bundle, Chain, Language, Timestamp, ValidationPolicy, inspect,
    testing::{Issued, TestCa, TestLeaf, certificates_pem},
};
use proptest::{collection::vec, prelude::*, sample::Index};

const DAY: i64 = 86_400;

fn now() -> Timestamp {
    Timestamp::from_unix(1_795_000_000)
}

/// Leaves of several ages below a trusted root, and what may stand beside them.
struct Pki {
    policy: ValidationPolicy,
    issued: Vec<Issued>,
    others: Vec<Vec<u8>>,
}

static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let root = TestCa::root("Root", now());
    let ca = root.intermediate("CA");
    let old = root.intermediate_valid("Old CA", now() - 365 * DAY, now() - DAY);
    let older_root = TestCa::root("Older Root", now());
    let cross = older_root.cross_sign(&root, "Root");
    let leaf = |ca: &TestCa, until: i64| {
        ca.issue(&TestLeaf::new(&["www.example.com"]).valid(now() - 90 * DAY, now() + until * DAY))
    };
    let issued = vec![
        leaf(&ca, 60),
        leaf(&ca, 3),
        leaf(&ca, -3),
        leaf(&old, 60),
        leaf(&ca.intermediate("Lower CA"), 60),
    ];
    let others = [&root, &ca, &old, &older_root, &cross].map(|ca| ca.der().to_vec()).to_vec();
    Pki { policy: ValidationPolicy::new(Arc::new(root.trust())), issued, others }
});

/// A chain in any order, with parts missing, repeated and added.
fn mixed() -> impl Strategy<Value = (Vec<Vec<u8>>, String)> {
    (any::<Index>(), vec(any::<Index>(), 1..8)).prop_map(|(which, picks)| {
        let issued = which.get(&PKI.issued);
        let pool: Vec<&Vec<u8>> = issued.certificates().iter().chain(&PKI.others).collect();
        (picks.iter().map(|pick| (*pick.get(&pool)).clone()).collect(), issued.key_pem())
    })
}

/// A good upload with some of its bytes changed, cut out or repeated.
fn damaged() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let edit = (any::<bool>(), any::<Index>(), any::<u8>(), 0..40_usize);
    (any::<bool>(), vec(edit, 1..6)).prop_map(|(der, edits)| {
        let issued = &PKI.issued[0];
        let (mut chain, mut key) = if der {
            (issued.certificates().concat(), issued.key_der())
        } else {
            (issued.chain_pem().into_bytes(), issued.key_pem().into_bytes())
        };
        for (in_key, at, byte, cut) in edits {
            let target = if in_key { &mut key } else { &mut chain };
            if target.is_empty() {
                continue;
            }
            let at = at.index(target.len());
            if cut == 0 {
                target[at] = byte;
            } else {
                target.drain(at..(at + cut).min(target.len()));
            }
        }
        (chain, key)
    })
}

/// Judges in every way and compares.
fn judge(chain: &[u8], key: &[u8]) {
    let report = inspect(chain, Some(key), &PKI.policy, now());
    for finding in report.findings() {
        for language in Language::ALL {
            assert!(!finding.message(*language).is_empty());
        }
    }
    let validated = Bundle::decode(chain, key).and_then(|bundle| bundle.validate(&PKI.policy, now()));
    let reported = report.first_error().map(|finding| (finding.code(), finding.rule()));
    match validated {
        Err(error) => assert_eq!(reported, Some((Some(error.code()), error.rule()))),
        Ok(valid) => {
            assert_eq!(reported, None);
            let served = valid.chain().to_pem();
            assert_eq!(report.corrected_chain(), Some(served.as_str()));
            assert!(valid.served_chain().starts_with_path(valid.chain().path()));
            // What is served validates as it is, and says nothing more.
            let again =
                Bundle::decode(served.as_bytes(), key).and_then(|bundle| bundle.validate(&PKI.policy, now()));
            let again = again.expect("what is served is valid");
            assert_eq!(again.chain().to_pem(), served);
            assert_eq!(again.warnings(), []);
        }
    }
}

trait StartsWithPath {
    fn starts_with_path(&self, path: &Self) -> bool;
}

impl StartsWithPath for [cert_core::Certificate] {
    fn starts_with_path(&self, path: &Self) -> bool {
        self.len() >= path.len()
            && self.iter().zip(path).all(|(served, verified)| served.as_der() == verified.as_der())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_get_a_verdict(chain in vec(any::<u8>(), 0..600), key in vec(any::<u8>(), 0..300)) {
        judge(&chain, &key);
    }

    #[test]
    fn any_text_between_boundaries_gets_a_verdict(body in "[A-Za-z0-9+/=\n \\\\-]{0,200}", label in "[A-Z ]{0,12}") {
        let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        judge(text.as_bytes(), text.as_bytes());
    }

    #[test]
    fn a_damaged_upload_gets_a_verdict((chain, key) in damaged()) {
        judge(&chain, &key);
    }

    #[test]
    fn any_order_is_repaired_or_refused((certificates, key) in mixed()) {
        judge(certificates_pem(&certificates).as_bytes(), key.as_bytes());
    }

    #[test]
    fn encoding_again_is_stable((certificates, _) in mixed()) {
        let pem = certificates_pem(&certificates);
        let chain = Chain::decode(pem.as_bytes()).unwrap();
        let decoded: Vec<Vec<u8>> = chain.certificates().iter().map(|certificate| certificate.as_der().to_vec()).collect();
        prop_assert_eq!(&decoded, &certificates);
        prop_assert_eq!(certificates_pem(&decoded), pem);
    }
}
