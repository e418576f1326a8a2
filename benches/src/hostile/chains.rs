//! Chains: what the search for a path, and the explanation of a missing one, get to see.

use cert_core::testing::certificates_pem;

use super::{
    Hostile,
    forge::{Draft, Key, SERVER_AUTH, borrowed, extension, name, sequence, tlv},
};

pub(super) fn all() -> Vec<Hostile> {
    let (a_labels, domains) = (numbered(1300, "xn--n", ""), numbered(1500, "n", ""));
    let addresses = vec!["\u{1}".repeat(8); 98];
    vec![
        same_names("same-name intermediates", &Key::p256, true),
        same_names("same-name intermediates of another root", &Key::p256, false),
        same_names("same-name intermediates, P-521", &Key::p521, true),
        same_names("same-name intermediates of another root, P-521", &Key::p521, false),
        two_keys("two keys for each name", &|| (Key::p256(), Key::p256()), true),
        two_keys("two keys for each name, P-521", &|| (Key::p521(), Key::p521()), true),
        two_keys("two keys for each name, P-521, of another root", &|| (Key::p521(), Key::p521()), false),
        two_keys("two keys for each name, RSA 8192", &rsa_8192, true),
        two_keys("two keys for each name, RSA 8192, of another root", &rsa_8192, false),
        cross_signs(),
        purposes(),
        names_in_each(),
        constraints("as many name comparisons as may be", 0x82, &numbered(98, "d", ".example")),
        constraints("more name comparisons than may be", 0x82, &numbered(1_000, "d", ".example")),
        constraints("names against addresses", 0x87, &addresses),
        constraints("names against directory names", 0xa4, &vec![directory_name(); 98]),
        constrained_intermediates("name constraints of A-labels", &a_labels),
        constrained_intermediates("name constraints", &domains),
        constrained_root("names below a constrained root", "n"),
        constrained_root("wildcards below a constrained root", "*.d"),
    ]
}

fn rsa_8192() -> (Key, Key) {
    (Key::rsa_8192_a(), Key::rsa_8192_b())
}

fn numbered(count: usize, before: &str, behind: &str) -> Vec<String> {
    (0..count).map(|number| format!("{before}{number}{behind}")).collect()
}

/// The octets of a name, as text.
fn directory_name() -> String {
    name("Directory").iter().copied().map(char::from).collect()
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

/// Seven intermediates under four names, which certify each other in a circle, so that many orders of them are paths of
/// names. The leaf is signed by none of them.
fn same_names(name: &'static str, new_key: &dyn Fn() -> Key, is_root_known: bool) -> Hostile {
    let (root_key, stranger, leaf_key) = (new_key(), new_key(), Key::p256());
    let keys: Vec<Key> = (0..7).map(|_| new_key()).collect();
    let names = ["A", "A", "B", "B", "C", "C", "Root"];
    let issuers = ["B", "B", "C", "C", "Root", "Root", "A"];
    let mut chain = vec![leaf("A", &leaf_key).signed_by(&stranger)];
    for (index, key) in keys.iter().enumerate() {
        let issuer = if issuers[index] == "Root" { &root_key } else { &keys[(index + 2) % 7] };
        chain.push(Draft::ca(names[index], issuers[index], key).signed_by(issuer));
    }
    upload(name, &chain, root(if is_root_known { &root_key } else { &stranger }))
}

/// As many names as there may be with two keys each. Each certificate is signed by the key that is tried last, and the
/// leaf by none, so that every signature is checked with both.
fn two_keys(name: &'static str, new_keys: &dyn Fn() -> (Key, Key), is_root_known: bool) -> Hostile {
    let ((a, b), leaf_key) = (new_keys(), Key::p256());
    let mut chain = vec![leaf("I0", &leaf_key).forged_by(&b)];
    for (subject, issuer) in [("I0", "I1"), ("I1", "I2"), ("I2", "Root")] {
        chain.push(Draft::ca(subject, issuer, &a).signed_by(&b));
        chain.push(Draft::ca(subject, issuer, &b).signed_by(&b));
    }
    chain.push(Draft::ca("Root", "I0", &a).signed_by(&b));
    upload(name, &chain, root(if is_root_known { &b } else { &leaf_key }))
}

/// A path of one, and certificates behind it that name each other but were signed by nobody.
fn cross_signs() -> Hostile {
    let ((a, b), leaf_key) = (rsa_8192(), Key::p256());
    let mut chain = vec![leaf("Root", &leaf_key).signed_by(&b)];
    chain.push(Draft::ca("Root", "X", &b).forged_by(&a));
    for key in [&a, &b, &a, &b, &a, &b] {
        chain.push(Draft::ca("X", "X", key).with(filler(chain.len())).forged_by(&a));
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
    let mut chain = vec![leaf("I0", &keys[7]).signed_by(&keys[0])];
    chain.extend(line(&keys, &purposes));
    upload("16 purposes in each certificate", &chain, root(&keys[6]))
}

/// Eight certificates, each with as many names as it may have.
fn names_in_each() -> Hostile {
    let names = numbered(1_000, "n", ".x");
    let subject_alt_names = Draft::leaf(&names, "", &Key::p256()).extensions.remove(0);
    let keys: Vec<Key> = (0..8).map(|_| Key::p256()).collect();
    let mut chain = vec![Draft::leaf(&names, "I0", &keys[7]).signed_by(&keys[0])];
    chain.extend(line(&keys, &subject_alt_names));
    upload("1000 names in each certificate", &chain, root(&keys[6]))
}

/// Six intermediates below the root, each with one more extension.
fn line(keys: &[Key], extension: &[u8]) -> Vec<Vec<u8>> {
    let names = ["I0", "I1", "I2", "I3", "I4", "I5", "Root"];
    let draft =
        |index: usize| Draft::ca(names[index], names[index + 1], &keys[index]).with(extension.to_vec());
    (0..6).map(|index| draft(index).signed_by(&keys[index + 1])).collect()
}

/// Excluded subtrees of this type, one for each base.
fn name_constraints(tag: u8, bases: &[String]) -> Vec<u8> {
    let octets = |base: &str| base.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let subtrees: Vec<Vec<u8>> = bases.iter().map(|base| sequence(&[&tlv(tag, &[&octets(base)])])).collect();
    extension(&[0x55, 0x1d, 0x1e], true, &sequence(&[&tlv(0xa1, &borrowed(&subtrees))]))
}

/// Each of 1000 names against each constraint.
fn constraints(name: &'static str, tag: u8, bases: &[String]) -> Hostile {
    let (root_key, ca, key) = (Key::p256(), Key::p256(), Key::p256());
    let chain = [
        Draft::leaf(&numbered(1_000, "w", ".y"), "CA", &key).signed_by(&ca),
        Draft::ca("CA", "Root", &ca).with(name_constraints(tag, bases)).signed_by(&root_key),
    ];
    upload(name, &chain, root(&root_key))
}

/// A path as long as may be, each intermediate with constraints that allow everything.
fn constrained_intermediates(name: &'static str, bases: &[String]) -> Hostile {
    let keys: Vec<Key> = (0..8).map(|_| Key::p256()).collect();
    let mut chain = vec![leaf("I0", &keys[7]).signed_by(&keys[0])];
    chain.extend(line(&keys, &name_constraints(0x82, bases)));
    upload(name, &chain, root(&keys[6]))
}

/// A root that an operator constrained, and a leaf with as many names as may be.
fn constrained_root(name: &'static str, before: &str) -> Hostile {
    let (root_key, key) = (Key::p256(), Key::p256());
    let root = Draft::ca("Root", "Root", &root_key).with(name_constraints(0x82, &numbered(98, "a.x", ".x")));
    let chain = [Draft::leaf(&numbered(1_000, before, ".x"), "Root", &key).signed_by(&root_key)];
    upload(name, &chain, root.signed_by(&root_key))
}
