//! Verdicts on chains made in code: what is accepted, what is served, and the order of refusals.

use std::sync::Arc;

use cert_core::{
    AnchorOrigin, Bundle, ChainOrder, ErrorCode, KeyType, MinimumValidity, Rule, Timestamp, TrustAnchors,
    ValidatedBundle, ValidationPolicy, inspect,
    testing::{Issued, TestCa, TestLeaf, certificates_pem},
};

const DAY: i64 = 86_400;

fn now() -> Timestamp {
    Timestamp::from_unix(1_795_000_000)
}

struct Pki {
    root: TestCa,
    ca: TestCa,
}

impl Pki {
    fn new() -> Self {
        let root = TestCa::root("Test Root", now());
        let ca = root.intermediate("Test CA");
        Self { root, ca }
    }

    fn issue(&self) -> Issued {
        self.ca.issue(&TestLeaf::new(&["www.example.com"]))
    }

    fn policy(&self) -> ValidationPolicy {
        ValidationPolicy::new(Arc::new(self.root.trust()))
    }
}

/// The verdict of validation; inspection must agree with it.
fn verdict(policy: &ValidationPolicy, chain: &str, key: &str) -> Result<ValidatedBundle, (ErrorCode, Rule)> {
    let report = inspect(chain.as_bytes(), Some(key.as_bytes()), policy, now());
    let result =
        Bundle::decode(chain.as_bytes(), key.as_bytes()).and_then(|bundle| bundle.validate(policy, now()));
    let refused = result.as_ref().err().map(|error| (Some(error.code()), error.rule()));
    let reported = report.first_error().map(|finding| (finding.code(), finding.rule()));
    assert_eq!(refused, reported, "validation and inspection agree");
    result.map_err(|error| (error.code(), error.rule()))
}

fn warnings(valid: &ValidatedBundle) -> Vec<Rule> {
    valid.warnings().iter().map(|finding| finding.rule()).collect()
}

fn served(valid: &ValidatedBundle) -> Vec<Vec<u8>> {
    valid.served_chain().iter().map(|certificate| certificate.as_der().to_vec()).collect()
}

#[test]
fn every_supported_key_type_and_form_is_accepted() {
    let pki = Pki::new();
    for key_type in
        [KeyType::EcP256, KeyType::EcP384, KeyType::EcP521, KeyType::Ed25519, KeyType::Rsa { bits: 2048 }]
    {
        let issued = pki.ca.issue(&TestLeaf::new(&["www.example.com"]).key_type(key_type));
        let valid = verdict(&pki.policy(), &issued.chain_pem(), &issued.key_pem()).unwrap();
        assert_eq!(valid.key().key_type(), key_type);
        assert_eq!(valid.key().secret_der(), issued.key_der());
        assert_eq!(
            valid.key().secret_pem().lines().collect::<Vec<_>>(),
            issued.key_pem().lines().collect::<Vec<_>>()
        );
        assert_eq!(valid.key().spki_fingerprint(), Some(valid.leaf().spki_fingerprint()));
        assert_eq!(served(&valid), issued.certificates());
        assert_eq!(warnings(&valid), []);
        assert_eq!(valid.chain().anchor_origin(), AnchorOrigin::Private);
    }
}

#[test]
fn der_is_accepted_too() {
    let pki = Pki::new();
    let issued = pki.issue();
    let bundle = Bundle::decode(&issued.certificates().concat(), &issued.key_der()).unwrap();
    assert_eq!(served(&bundle.validate(&pki.policy(), now()).unwrap()), issued.certificates());
}

#[test]
fn the_leaf_is_the_key_s_and_the_rest_is_put_in_order() {
    let pki = Pki::new();
    let issued = pki.issue();
    let [leaf, ca] = issued.certificates() else { panic!("a leaf and its CA") };
    let uploaded = certificates_pem(&[pki.root.der().to_vec(), ca.clone(), leaf.clone(), ca.clone()]);
    let valid = verdict(&pki.policy(), &uploaded, &issued.key_pem()).unwrap();
    assert_eq!(served(&valid), [leaf.clone(), ca.clone()]);
    assert_eq!(warnings(&valid), [Rule::Reordered, Rule::RootIncluded, Rule::DuplicateCertificate]);

    let exact = pki.policy().chain_order(ChainOrder::Exact);
    assert_eq!(verdict(&exact, &uploaded, &issued.key_pem()).unwrap_err().1, Rule::Reordered);
    assert!(verdict(&exact, &issued.chain_pem(), &issued.key_pem()).is_ok());
}

#[test]
fn a_stranger_is_dropped_with_a_warning() {
    let pki = Pki::new();
    let issued = pki.issue();
    let stranger = Pki::new();
    let uploaded = issued.chain_pem() + &stranger.ca.pem() + &stranger.root.pem();
    let valid = verdict(&pki.policy(), &uploaded, &issued.key_pem()).unwrap();
    assert_eq!(served(&valid), issued.certificates());
    assert_eq!(warnings(&valid), [Rule::UnrelatedCertificate, Rule::UnrelatedCertificate]);
}

#[test]
fn a_cross_sign_of_the_anchor_is_served() {
    let pki = Pki::new();
    let issued = pki.issue();
    let old_root = TestCa::root("Old Root", now());
    let cross = old_root.cross_sign(&pki.root, "Test Root");
    let uploaded = issued.chain_pem() + &cross.pem() + &old_root.pem();
    let valid = verdict(&pki.policy(), &uploaded, &issued.key_pem()).unwrap();
    let expected = [issued.certificates(), &[cross.der().to_vec()]].concat();
    assert_eq!(served(&valid), expected);
    assert_eq!(valid.chain().path().len(), 2);
    assert_eq!(warnings(&valid), [Rule::UnrelatedCertificate], "the old root is not served");

    // Trust in the old root as well changes the path's end, not what is served.
    let mut both = pki.root.trust();
    both.add_pem(old_root.pem().as_bytes(), AnchorOrigin::Private).unwrap();
    let policy = ValidationPolicy::new(Arc::new(both));
    assert_eq!(served(&verdict(&policy, &uploaded, &issued.key_pem()).unwrap()), expected);
}

#[test]
fn a_cross_sign_of_another_key_is_not_served() {
    let pki = Pki::new();
    let issued = pki.issue();
    let impostor = TestCa::root("Old Root", now()).intermediate("Test Root");
    let uploaded = issued.chain_pem() + &impostor.pem();
    let valid = verdict(&pki.policy(), &uploaded, &issued.key_pem()).unwrap();
    assert_eq!(served(&valid), issued.certificates());
}

#[test]
fn another_s_key_is_a_mismatch_that_knows_the_ca() {
    let pki = Pki::new();
    let (issued, other) = (pki.issue(), pki.issue());
    let mismatch = (ErrorCode::Undecodable, Rule::KeyMismatch);
    assert_eq!(verdict(&pki.policy(), &issued.chain_pem(), &other.key_pem()).unwrap_err(), mismatch);

    let error = Bundle::decode(issued.chain_pem().as_bytes(), pki.ca.key_pem().as_bytes()).unwrap_err();
    assert_eq!((error.code(), error.rule()), mismatch);
    assert!(error.to_string().contains("It belongs to certificate 2 (Test CA)"), "{error}");
}

#[test]
fn refusals_come_in_their_order() {
    let pki = Pki::new();
    let leaf = |from: i64, until: i64| {
        let issued =
            pki.ca.issue(&TestLeaf::new(&["a.example"]).valid(now() + from * DAY, now() + until * DAY));
        (issued.chain_pem(), issued.leaf_pem(), issued.key_pem())
    };
    let other_trust = ValidationPolicy::new(Arc::new(Pki::new().root.trust()));
    let refusals = [
        (leaf(-90, -1), ErrorCode::Expired, Rule::Expired),
        (leaf(-90, 1), ErrorCode::ValidityTooShort, Rule::ValidityTooShort),
        (leaf(1, 90), ErrorCode::ChainInvalid, Rule::NotYetValid),
    ];
    for ((chain, alone, key), code, rule) in refusals {
        assert_eq!(verdict(&pki.policy(), &chain, &key).unwrap_err(), (code, rule));
        assert_eq!(verdict(&pki.policy(), &alone, &key).unwrap_err(), (code, rule), "before the path");
        assert_eq!(verdict(&other_trust, &chain, &key).unwrap_err(), (code, rule), "before trust");
    }
    let (chain, alone, key) = leaf(-1, 60);
    let invalid = |rule| (ErrorCode::ChainInvalid, rule);
    assert_eq!(verdict(&pki.policy(), &alone, &key).unwrap_err(), invalid(Rule::IssuerMissing));
    assert_eq!(verdict(&other_trust, &chain, &key).unwrap_err(), invalid(Rule::BadSignature));
    let none = ValidationPolicy::new(Arc::new(TrustAnchors::new()));
    assert_eq!(verdict(&none, &(chain + &pki.root.pem()), &key).unwrap_err(), invalid(Rule::PrivateCa));
}

#[test]
fn a_lifetime_of_six_days_needs_a_tenth_of_it() {
    let pki = Pki::new();
    let short = |left: i64| {
        let leaf = TestLeaf::new(&["a.example"]).valid(now() + left - 6 * DAY, now() + left);
        let issued = pki.ca.issue(&leaf);
        verdict(&pki.policy(), &issued.chain_pem(), &issued.key_pem()).map_err(|(code, _)| code).err()
    };
    assert_eq!(short(6 * DAY / 10), None);
    assert_eq!(short(6 * DAY / 10 - 1), Some(ErrorCode::ValidityTooShort));
}

#[test]
fn the_path_s_first_end_counts_and_an_expired_intermediate_is_named() {
    let pki = Pki::new();
    let ending = |days: i64| {
        let ca = pki.root.intermediate_valid("Test CA", now() - 365 * DAY, now() + days * DAY);
        let issued = ca.issue(&TestLeaf::new(&["a.example"]));
        (issued, ca)
    };
    let (issued, old) = ending(3);
    let refused = verdict(&pki.policy(), &issued.chain_pem(), &issued.key_pem()).unwrap_err();
    assert_eq!(refused, (ErrorCode::ValidityTooShort, Rule::ValidityTooShort));
    let lenient = pki.policy().minimum_validity(MinimumValidity::NONE);
    assert!(verdict(&lenient, &issued.chain_pem(), &issued.key_pem()).is_ok());

    // The current version of the intermediate, behind the old one, makes the path that lasts.
    let current = pki.root.cross_sign(&old, "Test CA");
    let both = issued.chain_pem() + &current.pem();
    let valid = verdict(&pki.policy(), &both, &issued.key_pem()).unwrap();
    assert_eq!(served(&valid)[1], current.der());

    let (issued, _) = ending(-1);
    let refused = verdict(&pki.policy(), &issued.chain_pem(), &issued.key_pem()).unwrap_err();
    assert_eq!(refused, (ErrorCode::ChainInvalid, Rule::IntermediateExpired));
}

#[test]
fn a_self_signed_leaf_is_called_so() {
    let policy = Pki::new().policy();
    let issued = TestLeaf::new(&["a.example"]).self_signed(now());
    let refused = verdict(&policy, &issued.chain_pem(), &issued.key_pem()).unwrap_err();
    assert_eq!(refused, (ErrorCode::ChainInvalid, Rule::SelfSigned));

    let root = TestCa::root("Test Root", now());
    let refused = verdict(&policy, &root.pem(), &root.key_pem()).unwrap_err();
    assert_eq!(refused, (ErrorCode::ChainInvalid, Rule::SelfSigned));
}

#[test]
fn issuers_of_one_name_with_many_keys_are_refused_at_once() {
    let pki = Pki::new();
    let issued = pki.issue();
    let mut uploaded = issued.leaf_pem();
    for _ in 0..7 {
        uploaded += &pki.root.intermediate("Test CA").pem();
    }
    let refused = verdict(&pki.policy(), &uploaded, &issued.key_pem()).unwrap_err();
    assert_eq!(refused, (ErrorCode::ChainInvalid, Rule::SameNameIssuers));
}
