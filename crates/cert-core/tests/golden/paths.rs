//! Chains that do not verify, or not as they were sent.

use std::sync::Arc;

use cert_core::{
    Chain, ChainOrder, TrustAnchors, ValidationPolicy,
    testing::{TestCa, TestLeaf, certificates_pem},
};

use crate::uploads::{DAY, Pki, Upload, frozen, now};

pub(crate) fn uploads() -> Vec<Upload> {
    let pki = Pki::new();
    [order(&pki), missing(&pki), untrusted(&pki), validity(&pki), hostile(&pki)].concat()
}

fn order(pki: &Pki) -> Vec<Upload> {
    let [leaf, ca] = pki.issued.certificates() else { panic!("a leaf and its CA") };
    let root = pki.root.der().to_vec();
    let pem = |certificates: &[&Vec<u8>]| {
        certificates_pem(&certificates.iter().map(|&der| der.clone()).collect::<Vec<_>>())
    };
    let stranger = TestCa::root("Stranger", now());
    let cross = TestCa::root("Older Root", now()).cross_sign(&pki.root, "Test Root");
    let exact = pki.policy().chain_order(ChainOrder::Exact);
    vec![
        pki.with_chain("wrong order", pem(&[ca, leaf])),
        pki.with_chain("root included", pem(&[leaf, ca, &root])),
        pki.with_chain("a certificate twice", pem(&[leaf, ca, ca])),
        pki.with_chain("a stranger", pem(&[leaf, ca, &stranger.der().to_vec()])),
        pki.with_chain("a cross-sign", pem(&[leaf, ca, &cross.der().to_vec()])),
        pki.with_chain("wrong order, exactly", pem(&[ca, leaf])).policy(exact.clone()),
        pki.with_chain("root included, exactly", pem(&[leaf, ca, &root])).policy(exact),
    ]
}

fn missing(pki: &Pki) -> Vec<Upload> {
    // Authority information access: caIssuers at http://ca.example/ca.der.
    let url = b"http://ca.example/ca.der";
    let method = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let location = [&[0x86, url.len() as u8][..], url].concat();
    let description = [&[0x30, (method.len() + location.len()) as u8][..], &method, &location].concat();
    let access = [&[0x30, description.len() as u8][..], &description].concat();
    let mut leaf = TestLeaf::new(&["www.example.com"]);
    leaf.extensions = vec![(vec![1, 3, 6, 1, 5, 5, 7, 1, 1], false, access)];
    let told = pki.ca.issue(&leaf);
    let deep = pki.ca.intermediate("Lower CA");
    let issued = deep.issue(&TestLeaf::new(&["www.example.com"]));
    let first_two = certificates_pem(&issued.certificates()[..2]);
    vec![
        Upload::new("the intermediate is missing", pki.issued.leaf_pem(), pki.issued.key_pem(), pki),
        Upload::new("the intermediate is missing, with its URL", told.leaf_pem(), told.key_pem(), pki),
        Upload::new("the second intermediate is missing", first_two, issued.key_pem(), pki),
        Upload::new("the path is deeper than allowed", issued.chain_pem(), issued.key_pem(), pki)
            .policy(pki.policy().max_depth(1)),
        Upload::new("more certificates than allowed", issued.chain_pem(), issued.key_pem(), pki)
            .policy(pki.policy().max_chain(2)),
    ]
}

fn untrusted(pki: &Pki) -> Vec<Upload> {
    let other = Pki::new();
    let with_root = format!("{}{}", other.issued.chain_pem(), other.root.pem());
    let of = |root: &str, ca: &str| {
        let root = TestCa::root(root, now());
        let issued = root.intermediate(ca).issue(&TestLeaf::new(&["www.example.com"]));
        (issued.chain_pem(), issued.key_pem())
    };
    let staging = of("(STAGING) Pretend Pear X1", "(STAGING) Wannabe Watercress R11");
    let origin =
        of("CloudFlare Origin SSL Certificate Authority", "CloudFlare Origin SSL ECC Certificate Authority");
    let lone = TestLeaf::new(&["www.example.com"]).self_signed(now());
    let none = ValidationPolicy::new(Arc::new(TrustAnchors::new()));
    let private = TestCa::root("Corporate Root", now());
    let corporate = private.intermediate("Corporate CA").issue(&TestLeaf::new(&["www.example.com"]));
    vec![
        Upload::new("self-signed", lone.chain_pem(), lone.key_pem(), pki),
        Upload::new("what openssl req -x509 makes", frozen("self_signed.pem"), frozen("ec_pkcs8.pem"), pki),
        Upload::new(
            "a CA of the same name and another key",
            other.issued.chain_pem(),
            other.issued.key_pem(),
            pki,
        ),
        Upload::new("the same with its root", with_root, other.issued.key_pem(), pki),
        Upload::new(
            "a private CA with its root",
            format!("{}{}", corporate.chain_pem(), private.pem()),
            corporate.key_pem(),
            pki,
        ),
        Upload::new("a private CA without its root", corporate.chain_pem(), corporate.key_pem(), pki),
        Upload::new("Let's Encrypt STAGING", staging.0, staging.1, pki),
        Upload::new("Cloudflare Origin", origin.0, origin.1, pki),
        Upload::new("nothing is trusted", pki.issued.chain_pem(), pki.issued.key_pem(), pki).policy(none),
    ]
}

fn validity(pki: &Pki) -> Vec<Upload> {
    let leaf = |name: &str, from: i64, until: i64| {
        pki.leaf(name, &TestLeaf::new(&["www.example.com"]).valid(now() + from, now() + until))
    };
    let below = |name: &str, from: i64, until: i64| {
        let ca = pki.root.intermediate_valid("Test CA", now() + from, now() + until);
        let issued = ca.issue(&TestLeaf::new(&["www.example.com"]));
        Upload::new(name, issued.chain_pem(), issued.key_pem(), pki)
    };
    let mut alone = leaf("expired, and the intermediate is missing", -90 * DAY, -DAY);
    let decoded = Chain::decode(&alone.chain).expect("it decodes");
    alone.chain = certificates_pem(&[decoded.leaf().as_der().to_vec()]).into_bytes();
    vec![
        leaf("expired yesterday", -90 * DAY, -DAY),
        leaf("expired an hour and a half ago", -90 * DAY, -5400),
        leaf("ends in three days", -80 * DAY, 3 * DAY),
        leaf("ends in an hour", -80 * DAY, 3600),
        leaf("valid from tomorrow on", DAY, 90 * DAY),
        alone,
        below("an expired intermediate", -365 * DAY, -2 * DAY),
        below("an intermediate that is not valid yet", 2 * DAY, 365 * DAY),
        below("an intermediate that ends in three days", -365 * DAY, 3 * DAY),
    ]
}

fn hostile(pki: &Pki) -> Vec<Upload> {
    let mut same_name = pki.issued.leaf_pem();
    for _ in 0..7 {
        same_name += &pki.root.intermediate("Test CA").pem();
    }
    let forged = TestCa::root("Test CA", now()).issue(&TestLeaf::new(&["www.example.com"]));
    let forged_chain = forged.leaf_pem() + &pki.ca.pem();
    // 200 excluded subtrees, and 600 names to compare with them.
    let subtrees: Vec<u8> =
        (100..300).flat_map(|n| [b"\x30\x05\x82\x03", n.to_string().as_bytes()].concat()).collect();
    let [high, low] = (subtrees.len() as u16).to_be_bytes();
    let [outer_high, outer_low] = (subtrees.len() as u16 + 4).to_be_bytes();
    let constraints = [&[0x30, 0x82, outer_high, outer_low, 0xa1, 0x82, high, low][..], &subtrees].concat();
    let names: Vec<String> = (0..600).map(|n| format!("n{n}.example")).collect();
    let mut constrained = TestLeaf::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    constrained.extensions = vec![(vec![2, 5, 29, 30], true, constraints)];
    vec![
        pki.with_chain("seven intermediates of one name", same_name),
        Upload::new("a forged issuer", forged_chain, forged.key_pem(), pki),
        pki.leaf("more names and constraints than can be compared", &constrained),
    ]
}
