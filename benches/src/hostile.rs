//! Inputs within the caps that are made to cost as much as they can.

use cert_core::{
    KeyType,
    testing::{TestCa, TestLeaf},
};

use crate::sample::NOW;

/// One hostile upload.
pub struct Hostile {
    /// What is hostile about it.
    pub name: &'static str,
    /// The chain.
    pub chain: Vec<u8>,
    /// The trust anchor, where there is one.
    pub root: Vec<u8>,
}

/// Every generator's input, the path builder's first.
pub fn all() -> Vec<Hostile> {
    vec![
        same_name_intermediates(),
        many_purposes(),
        many_names(),
        many_extensions(),
        deep_nesting(),
        slow_signatures(),
        long_modulus(),
    ]
}

fn certificates(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Seven intermediates of one name: two keys each under several names.
fn same_name_intermediates() -> Hostile {
    let root = TestCa::root("Root", NOW);
    let cas: Vec<TestCa> =
        (0..7).map(|n| root.intermediate(["A", "A", "B", "B", "C", "C", "D"][n])).collect();
    let leaf = cas[0].issue(&purposeful());
    let mut chain = leaf.certificates()[0].clone();
    // They certify each other in a circle, so that every order of them is a path of names.
    for (below, above) in [(0, 2), (1, 3), (2, 4), (3, 5), (4, 0), (5, 1), (6, 2)] {
        let name = ["A", "A", "B", "B", "C", "C", "D"][below];
        chain.extend(cas[above].cross_sign(&cas[below], name).der());
    }
    Hostile { name: "same-name intermediates in a circle", chain, root: root.der().to_vec() }
}

fn purposeful() -> TestLeaf {
    let purposes: Vec<u8> = (0..15).flat_map(|n| [0x06, 0x03, 0x2a, 0x03, n]).collect();
    let server_auth = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
    let content = [&purposes[..], &server_auth].concat();
    let mut leaf = TestLeaf::new(&["www.example.com"]);
    leaf.server_auth = false;
    leaf.extensions =
        vec![(vec![2, 5, 29, 37], false, [&[0x30, content.len() as u8][..], &content].concat())];
    leaf
}

fn many_purposes() -> Hostile {
    let root = TestCa::root("Root", NOW);
    let issued = root.intermediate("CA").issue(&purposeful());
    Hostile { name: "16 purposes", chain: issued.certificates().concat(), root: root.der().to_vec() }
}

/// As many names as fit, each with labels that must be decoded.
fn many_names() -> Hostile {
    let names: Vec<String> = (0..900).map(|n| format!("xn--n{n:03}.x")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = TestCa::root("Root", NOW);
    let issued = root.intermediate("CA").issue(&TestLeaf::new(&names));
    Hostile { name: "900 A-labels", chain: issued.certificates().concat(), root: root.der().to_vec() }
}

fn many_extensions() -> Hostile {
    let mut leaf = TestLeaf::new(&["www.example.com"]);
    leaf.extensions = (0..26).map(|n| (vec![1, 2, 3, n], false, vec![0x30; 500])).collect();
    let root = TestCa::root("Root", NOW);
    let issued = root.intermediate("CA").issue(&leaf);
    Hostile { name: "26 extensions", chain: issued.certificates().concat(), root: root.der().to_vec() }
}

/// An element in an element, as deep as the cap on a certificate lets it be.
fn deep_nesting() -> Hostile {
    let mut nested = vec![0x05, 0x00];
    while nested.len() < 15_000 {
        let length = (nested.len() as u16).to_be_bytes();
        nested = [&[0x30, 0x82][..], &length, &nested].concat();
    }
    let mut leaf = TestLeaf::new(&["www.example.com"]);
    leaf.extensions = vec![(vec![1, 3, 6, 1, 5, 5, 7, 1, 1], false, nested)];
    let root = TestCa::root("Root", NOW);
    let issued = root.issue(&leaf);
    Hostile { name: "deep nesting", chain: issued.certificates().concat(), root: root.der().to_vec() }
}

/// The slowest signatures that are checked, in a circle of issuers.
fn slow_signatures() -> Hostile {
    let root = TestCa::root_with_key(KeyType::EcP521, "Root", NOW);
    let cas: Vec<TestCa> = (0..6).map(|n| root.intermediate(["A", "A", "B", "B", "C", "C"][n])).collect();
    let leaf = cas[0].issue(&TestLeaf::new(&["www.example.com"]).key_type(KeyType::EcP521));
    let parts: Vec<&[u8]> = cas.iter().map(TestCa::der).collect();
    let chain = [leaf.certificates()[0].clone(), certificates(&parts)].concat();
    let other = TestCa::root_with_key(KeyType::EcP521, "Root", NOW);
    Hostile { name: "P-521 signatures of another root", chain, root: other.der().to_vec() }
}

fn long_modulus() -> Hostile {
    let root = TestCa::root_with_key(KeyType::Rsa { bits: 4096 }, "Root", NOW);
    let issued = root
        .intermediate("CA")
        .issue(&TestLeaf::new(&["www.example.com"]).key_type(KeyType::Rsa { bits: 4096 }));
    Hostile {
        name: "RSA 4096",
        chain: certificates(&[&issued.certificates().concat()]),
        root: root.der().to_vec(),
    }
}
