//! Broken rules of the table.

use std::{net::IpAddr, sync::Arc};

use cert_core::{
    AnchorOrigin, Chain, Fingerprint, KeyDenylist, KeyType, RULE_TABLE, Rule, TrustAnchors, ValidationPolicy,
    testing::TestLeaf,
};

use crate::uploads::{DAY, Pki, Upload, now, trusted};

pub(crate) fn uploads() -> Vec<Upload> {
    let pki = Pki::new();
    [names(&pki), extensions(&pki), public(&pki), levels(&pki)].concat()
}

fn names(pki: &Pki) -> Vec<Upload> {
    let named = |name: &str, dns: &[&str]| pki.leaf(name, &TestLeaf::new(dns));
    let common = |name: &str, common_name: &str| {
        let mut leaf = TestLeaf::new(&["www.example.com"]);
        leaf.common_name = Some(common_name.to_owned());
        pki.leaf(name, &leaf)
    };
    let addresses = |name: &str, common_name: &str, address: &str| {
        let mut leaf = TestLeaf::new(&[]);
        leaf.ip_addresses = vec![address.parse::<IpAddr>().expect("an address")];
        leaf.common_name = Some(common_name.to_owned());
        pki.leaf(name, &leaf)
    };
    let mut nameless = TestLeaf::new(&[]);
    nameless.common_name = Some("www.example.com".into());
    vec![
        named("a wildcard", &["*.example.com", "example.com"]),
        named("a wildcard on a public suffix", &["*.co.uk"]),
        named("an underscore", &["a_b.example.com"]),
        named("a wildcard inside", &["www.*.example.com"]),
        named("an A-label that does not decode", &["xn--a.example.com"]),
        named("an address among the DNS names", &["192.0.2.1"]),
        named("an empty label", &["www..example.com"]),
        common("a common name that is no name of it", "other.example.com"),
        common("a common name in capitals", "WWW.EXAMPLE.COM"),
        addresses("only an address", "192.0.2.1", "192.0.2.1"),
        addresses("an address with leading zeros", "192.000.002.001", "192.0.2.1"),
        addresses("an address in capitals", "2001:DB8::1", "2001:db8::1"),
        pki.leaf("no subject alternative name", &nameless),
    ]
}

fn extensions(pki: &Pki) -> Vec<Upload> {
    let with = |name: &str, oid: &[u64], critical: bool, value: &[u8]| {
        let mut leaf = TestLeaf::new(&["www.example.com"]);
        leaf.extensions = vec![(oid.to_vec(), critical, value.to_vec())];
        pki.leaf(name, &leaf)
    };
    let mut client = TestLeaf::new(&["www.example.com"]);
    client.server_auth = false;
    client.extensions =
        vec![(vec![2, 5, 29, 37], false, b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02".to_vec())];
    let mut both = client.clone();
    both.extensions[0].2 =
        b"\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02".to_vec();
    let mut critical = both.clone();
    critical.extensions[0].1 = true;
    let mut purposeless = TestLeaf::new(&["www.example.com"]);
    purposeless.server_auth = false;
    vec![
        with("must-staple", &[1, 3, 6, 1, 5, 5, 7, 1, 24], false, b"\x30\x03\x02\x01\x05"),
        with("a precertificate", &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 3], true, b"\x05\x00"),
        with("an unknown critical extension", &[1, 2, 3, 4], true, b"\x05\x00"),
        with("name constraints in a leaf", &[2, 5, 29, 30], true, b"\x30\x07\xa0\x05\x30\x03\x82\x01a"),
        with("an extension twice", &[2, 5, 29, 17], false, b"\x30\x05\x82\x03a.b"),
        with("a malformed authority information access", &[1, 3, 6, 1, 5, 5, 7, 1, 1], false, b"\x30\x7f"),
        pki.leaf("only for clients", &client),
        pki.leaf("for clients too", &both),
        pki.leaf("a critical extended key usage", &critical),
        pki.leaf("no extended key usage", &purposeless),
        trusted("a self-signed leaf that is trusted", "rsa2048"),
    ]
}

/// The same PKI as if it were public.
fn public(pki: &Pki) -> Vec<Upload> {
    let mut anchors = TrustAnchors::new();
    anchors.add_pem(pki.root.pem().as_bytes(), AnchorOrigin::Public).expect("a root reads back");
    let policy = ValidationPolicy::new(Arc::new(anchors));
    let leaf = || TestLeaf::new(&["www.example.com"]);
    let mut purposeless = leaf();
    purposeless.server_auth = false;
    let uploads = [
        ("public: no timestamps", leaf()),
        ("public: Ed25519", leaf().key_type(KeyType::Ed25519)),
        ("public: P-521", leaf().key_type(KeyType::EcP521)),
        ("public: 201 days", leaf().valid(now() - DAY, now() + 200 * DAY)),
        ("public: an underscore", TestLeaf::new(&["a_b.example.com"])),
        ("public: no extended key usage", purposeless),
    ];
    uploads.map(|(name, leaf)| pki.leaf(name, &leaf).policy(policy.clone())).to_vec()
}

#[derive(Debug)]
struct Leaked(Fingerprint);

impl KeyDenylist for Leaked {
    fn contains(&self, spki: &Fingerprint) -> bool {
        *spki == self.0
    }
}

/// Levels can be changed, and only for rules that have one.
fn levels(pki: &Pki) -> Vec<Upload> {
    let underscore = TestLeaf::new(&["a_b.example.com"]);
    assert!(RULE_TABLE.iter().any(|entry| entry.rule == Rule::SanNameInvalid));
    let leaked = pki.issued.certificates()[0].clone();
    let leaked = Chain::decode(&leaked).expect("it decodes").leaf().spki_fingerprint();
    vec![
        pki.with_chain("a leaked key", pki.issued.chain_pem())
            .policy(pki.policy().denylist(Arc::new(Leaked(leaked)))),
        pki.leaf("an underscore, denied", &underscore).policy(pki.policy().deny(Rule::SanNameInvalid)),
        pki.leaf("an underscore, allowed", &underscore).policy(pki.policy().allow(Rule::SanNameInvalid)),
        trusted("exponent 3, a warning", "rsa_e3")
            .policy(trusted("", "rsa_e3").policy.warn(Rule::RsaExponent)),
    ]
}
