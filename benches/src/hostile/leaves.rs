//! Leaves: as much as the cap on a certificate holds, in each of its parts.

use cert_core::{DnsName, caps, testing::certificates_pem};

use super::{
    Hostile,
    forge::{Draft, Key, borrowed, extension, relative_name, sequence, tlv},
};

pub(super) fn all() -> Vec<Hostile> {
    vec![
        names("1000 names", &numbered(1000, "n", ".x")),
        names("1000 wildcards", &numbered(1000, "*.n", ".x")),
        names("900 A-labels that do not decode", &numbered(900, "xn--n", ".x")),
        names("long A-labels", &a_labels(15_000)),
        names("A-labels longer than any", &vec![format!("xn--{}", "a".repeat(245)); 58]),
        common_names("16 common names over A-labels", &a_labels(12_000)),
        common_names("16 common names over 1000 names", &numbered(1000, "n", ".x")),
        broken_names("1000 broken names of a long subject", &"x".repeat(700)),
        broken_names("1000 broken names of a subject of control characters", &"\u{1}".repeat(700)),
        wrong_addresses(),
        purposes(),
        many_extensions(),
        long_identifiers(),
        extended("nested elements", AUTHORITY_INFORMATION_ACCESS, nested(14_000)),
        extended("access descriptions", AUTHORITY_INFORMATION_ACCESS, access_descriptions()),
        extended("a long authority key identifier", AUTHORITY_KEY_IDENTIFIER, list(&[0x81, 0x00])),
        extended("distribution points", &[0x55, 0x1d, 0x1f], list(&[0x30, 0x00])),
        extended("policies", &[0x55, 0x1d, 0x20], list(&[0x30, 0x03, 0x06, 0x01, 0x2a])),
        extended("TLS features", TLS_FEATURE, list(&[0x02, 0x01, 0x04])),
    ]
}

const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const AUTHORITY_INFORMATION_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
const TLS_FEATURE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18];

/// A sequence of as many of these elements as a certificate has room for.
fn list(element: &[u8]) -> Vec<u8> {
    sequence(&[&element.repeat(14_000 / element.len())])
}

fn numbered(count: usize, before: &str, behind: &str) -> Vec<String> {
    (0..count).map(|number| format!("{before}{number:03}{behind}")).collect()
}

/// A leaf below a trusted root.
fn trusted(name: &'static str, draft: impl for<'a> FnOnce(&'a Key) -> Draft<'a>) -> Hostile {
    let (root, key) = (Key::p256(), Key::p256());
    let leaf = draft(&key).signed_by(&root);
    assert!(leaf.len() <= caps::MAX_CERTIFICATE, "{name}: {} bytes", leaf.len());
    Hostile::chain(name, certificates_pem(&[leaf]).into_bytes())
        .below(Draft::ca("Root", "Root", &root).signed_by(&root))
}

/// An ordinary leaf below `Root`.
fn plain(key: &Key) -> Draft<'_> {
    Draft::leaf(&["www.example.com".into()], "Root", key)
}

fn names(name: &'static str, names: &[String]) -> Hostile {
    trusted(name, |key| Draft::leaf(names, "Root", key))
}

fn extended(name: &'static str, oid: &[u8], value: Vec<u8>) -> Hostile {
    trusted(name, |key| plain(key).with(extension(oid, false, &value)))
}

/// Names of A-labels that are as long as they can be, so many bytes of them.
fn a_labels(bytes: usize) -> Vec<String> {
    let mut characters = ('\u{4e00}'..'\u{9f00}').step_by(7).cycle();
    let mut name = || {
        let unicode: String = characters.by_ref().take(12).collect();
        let label = DnsName::parse(&unicode).expect("ideographs are allowed");
        [label.as_str(); 4].join(".")
    };
    let length = name().len() + 4;
    (0..bytes / length).map(|_| name()).collect()
}

fn common_names(name: &'static str, names: &[String]) -> Hostile {
    let subject: Vec<Vec<u8>> = (0..16).map(|n| relative_name(&format!("c{n}.example.com"))).collect();
    trusted(name, |key| Draft { subject: sequence(&borrowed(&subject)), ..Draft::leaf(names, "Root", key) })
}

/// Each of the names is a finding, and each finding names the subject.
fn broken_names(name: &'static str, subject: &str) -> Hostile {
    let subject = vec![relative_name(subject); 8];
    let names: Vec<String> = (0..1000).map(|n| format!("_{n}")).collect();
    trusted(name, |key| Draft { subject: sequence(&borrowed(&subject)), ..Draft::leaf(&names, "Root", key) })
}

fn wrong_addresses() -> Hostile {
    let addresses = sequence(&[&[0x87, 0x01, 0x7f].repeat(1000)]);
    trusted("1000 addresses of the wrong length", |key| {
        let mut draft = plain(key);
        draft.extensions[0] = extension(SUBJECT_ALT_NAME, false, &addresses);
        draft
    })
}

fn purposes() -> Hostile {
    let purpose = |n| tlv(0x06, &[&[0x2a, 0x03, n], &[0x81; 800], &[0x01]]);
    let purposes: Vec<Vec<u8>> = (0..16).map(purpose).collect();
    trusted("16 long purposes", |key| {
        let mut draft = plain(key);
        draft.extensions[1] = extension(EXTENDED_KEY_USAGE, false, &sequence(&borrowed(&purposes)));
        draft
    })
}

fn many_extensions() -> Hostile {
    trusted("32 extensions", |key| {
        (0..30).fold(plain(key), |draft, n| draft.with(extension(&[0x2a, 0x03, n], false, &[0x30; 400])))
    })
}

/// Two extensions of one type, whose object identifier takes most of the certificate.
fn long_identifiers() -> Hostile {
    let oid = [&[0x2a][..], &[0x81; 7_000], &[0x01]].concat();
    let twice = [extension(&oid, false, &[]), extension(&oid, false, &[])];
    trusted("a duplicate extension with a long identifier", |key| {
        twice.into_iter().fold(plain(key), Draft::with)
    })
}

/// An element in an element, so many bytes of them.
fn nested(bytes: usize) -> Vec<u8> {
    let mut inner = vec![0x05, 0x00];
    while inner.len() < bytes {
        inner = sequence(&[&inner]);
    }
    inner
}

/// Where an issuer could be had, if any of it were an address.
fn access_descriptions() -> Vec<u8> {
    let ca_issuers = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    sequence(&[&sequence(&[&ca_issuers, &[0x82, 0x00]]).repeat(1_000)])
}
