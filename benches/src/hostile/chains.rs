//! Chains: what the search for a path, and the explanation of a missing one, get to see.

use cert_core::testing::certificates_pem;

use super::{
    Hostile,
    forge::{Draft, Key, SERVER_AUTH, borrowed, extension, name, sequence, tlv},
};

pub(super) fn all() -> Vec<Hostile> {
    vec![
        same_names("same-name intermediates in a circle", &Key::p256, true),
        same_names("same-name intermediates in a circle, another root", &Key::p256, false),
        same_names("same-name intermediates, P-521", &Key::p521, true),
        same_names("same-name intermediates, P-521, another root", &Key::p521, false),
        two_names_two_keys("RSA 8192 certificates of two keys", true),
        two_names_two_keys("RSA 8192 certificates of two keys, another root", false),
        cross_signs(),
        purposes(),
        constraints("names against name constraints", 0x82, &numbered(0..1000, "n", ".x"), 1_000),
        constraints("names against constraints that do not match", 0x82, &numbered(0..1000, "n", ".x"), 1),
        constraints("names against address constraints", 0x87, &["\u{1}".repeat(8)], 1_000),
        constrained_intermediates("name constraints of A-labels", &numbered(0..1300, "xn--n", "")),
        constrained_intermediates("name constraints", &numbered(0..1500, "n", "")),
        constrained_root(),
    ]
}

fn numbered(range: core::ops::Range<usize>, before: &str, behind: &str) -> Vec<String> {
    range.map(|number| format!("{before}{number}{behind}")).collect()
}

fn leaf<'a>(issuer: &str, key: &'a Key) -> Draft<'a> {
    Draft::leaf(&["www.example.com".into()], issuer, key)
}

fn root(key: &Key) -> Vec<u8> {
    Draft::ca("Root", "Root", key).signed_by(key)
}

fn upload(name: &'static str, certificates: &[Vec<u8>], root: Vec<u8>) -> Hostile {
    Hostile::chain(name, certificates_pem(certificates).into_bytes()).below(root)
}

/// Seven intermediates under four names, which certify each other in a circle, so that every order of them is a path
/// of names. Only the last step of each is wrong: the leaf's signature is of none of them.
fn same_names(name: &'static str, new_key: &dyn Fn() -> Key, is_root_known: bool) -> Hostile {
    let (root_key, stranger) = (new_key(), new_key());
    let keys: Vec<Key> = (0..7).map(|_| new_key()).collect();
    let names = ["A", "A", "B", "B", "C", "C", "Root"];
    let issuers = ["B", "B", "C", "C", "Root", "Root", "A"];
    let leaf_key = Key::p256();
    let mut chain = vec![leaf("A", &leaf_key).signed_by(&stranger)];
    for index in 0..7 {
        let issuer = if issuers[index] == "Root" { &root_key } else { &keys[(index + 2) % 7] };
        chain.push(Draft::ca(names[index], issuers[index], &keys[index]).signed_by(issuer));
    }
    upload(name, &chain, root(if is_root_known { &root_key } else { &stranger }))
}

/// Names as many as there may be with two keys each, of the slowest kind. Each certificate is signed by the one that
/// is tried last, and the leaf by none.
fn two_names_two_keys(name: &'static str, is_root_known: bool) -> Hostile {
    let (a, b, leaf_key) = (Key::rsa_8192_a(), Key::rsa_8192_b(), Key::p256());
    let mut chain = vec![leaf("I0", &leaf_key).signed_by(&leaf_key)];
    let levels = [("I0", "I1"), ("I1", "I2"), ("I2", "Root")];
    for (subject, issuer) in levels {
        chain.push(Draft::ca(subject, issuer, &a).signed_by(&b));
        chain.push(Draft::ca(subject, issuer, &b).signed_by(&b));
    }
    chain.push(Draft::ca("Root", "I0", &b).signed_by(&a));
    upload(name, &chain, root(if is_root_known { &b } else { &a }))
}

/// A path of two, and certificates behind it that each name the next but are signed by another.
fn cross_signs() -> Hostile {
    let (a, b, leaf_key) = (Key::rsa_8192_a(), Key::rsa_8192_b(), Key::p256());
    let mut chain = vec![leaf("Root", &leaf_key).signed_by(&b)];
    chain.push(Draft::ca("Root", "X", &b).signed_by(&a));
    for _ in 0..3 {
        chain.push(Draft::ca("X", "X2", &b).with(filler(chain.len())).signed_by(&a));
        chain.push(Draft::ca("X2", "X", &b).with(filler(chain.len())).signed_by(&a));
    }
    upload("cross-signs that nobody signed, RSA 8192", &chain, root(&b))
}

/// Makes a certificate another one than its like.
fn filler(number: usize) -> Vec<u8> {
    extension(&[0x2a, 0x03, number as u8], false, &[])
}

/// As many purposes as may be in each of the certificates.
fn purposes() -> Hostile {
    let others: Vec<u8> = (0..15).flat_map(|n| [0x06, 0x03, 0x2a, 0x03, n]).collect();
    let purposes = extension(&[0x55, 0x1d, 0x25], false, &sequence(&[&others, SERVER_AUTH]));
    let keys: Vec<Key> = (0..8).map(|_| Key::p256()).collect();
    let names = ["I0", "I1", "I2", "I3", "I4", "I5", "Root"];
    let mut chain = vec![leaf("I0", &keys[7]).signed_by(&keys[0])];
    for index in 0..6 {
        let draft = Draft::ca(names[index], names[index + 1], &keys[index]).with(purposes.clone());
        chain.push(draft.signed_by(&keys[index + 1]));
    }
    upload("16 purposes in each certificate", &chain, root(&keys[6]))
}

/// Name constraints of an intermediate: a subtree of this type for each base.
fn name_constraints(tag: u8, bases: &[String], is_permitted: bool) -> Vec<u8> {
    let subtrees: Vec<Vec<u8>> =
        bases.iter().map(|base| sequence(&[&tlv(tag, &[base.as_bytes()])])).collect();
    let list = tlv(if is_permitted { 0xa0 } else { 0xa1 }, &borrowed(&subtrees));
    extension(&[0x55, 0x1d, 0x1e], true, &sequence(&[&list]))
}

/// Each name of the leaf against each constraint, `times` as many of them.
fn constraints(name: &'static str, tag: u8, bases: &[String], times: usize) -> Hostile {
    let bases: Vec<String> = bases.iter().cycle().take(times.max(bases.len())).cloned().collect();
    let (root_key, ca, key) = (Key::p256(), Key::p256(), Key::p256());
    let excluded = name_constraints(tag, &bases, false);
    let chain = [
        Draft::leaf(&numbered(0..1000, "w", ".y"), "CA", &key).signed_by(&ca),
        Draft::ca("CA", "Root", &ca).with(excluded).signed_by(&root_key),
    ];
    upload(name, &chain, root(&root_key))
}

/// A path of as many intermediates as may be, each with constraints that allow everything.
fn constrained_intermediates(name: &'static str, bases: &[String]) -> Hostile {
    let keys: Vec<Key> = (0..8).map(|_| Key::p256()).collect();
    let names = ["I0", "I1", "I2", "I3", "I4", "I5", "Root"];
    let excluded = name_constraints(0x82, bases, false);
    let mut chain = vec![leaf("I0", &keys[7]).signed_by(&keys[0])];
    for index in 0..6 {
        let draft = Draft::ca(names[index], names[index + 1], &keys[index]).with(excluded.clone());
        chain.push(draft.signed_by(&keys[index + 1]));
    }
    upload(name, &chain, root(&keys[6]))
}

/// A root that an operator constrained to ten domains, and a leaf with as many names as may be.
fn constrained_root() -> Hostile {
    let (root_key, key) = (Key::p256(), Key::p256());
    let constraints = name_constraints(0x82, &numbered(0..10, "d", ".example"), false);
    let root = Draft { subject: name("Root"), ..Draft::ca("Root", "Root", &root_key) }.with(constraints);
    let chain = [Draft::leaf(&numbered(0..1000, "*.n", ".x"), "Root", &key).signed_by(&root_key)];
    upload("1000 wildcards below a constrained root", &chain, root.signed_by(&root_key))
}
