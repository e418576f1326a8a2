//! Text and DER that do not decode, or are something else.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cert_core::testing::{TestLeaf, certificates_pem};

use crate::uploads::{DAY, Pki, Upload, frozen, frozen_text, now};

pub(crate) fn uploads() -> Vec<Upload> {
    let pki = Pki::new();
    [accepted(&pki), damaged_text(&pki), other_things(&pki), damaged_der(&pki), caps(&pki)].concat()
}

/// What people really paste, and may.
fn accepted(pki: &Pki) -> Vec<Upload> {
    let (chain, key) = (pki.issued.chain_pem(), pki.issued.key_pem());
    let indent = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    vec![
        Upload::new("as it should be", chain.clone(), key.clone(), pki),
        Upload::new("a byte order mark", format!("\u{feff}{chain}"), format!("\u{feff}{key}"), pki),
        Upload::new("Windows line ends", chain.replace('\n', "\r\n"), key.replace('\n', "\r\n"), pki),
        Upload::new("old Macintosh line ends", chain.replace('\n', "\r"), key.replace('\n', "\r"), pki),
        Upload::new("blank lines", chain.replace('\n', "\n\n"), key.replace('\n', "\n\n"), pki),
        Upload::new("indented", indent(&chain), indent(&key), pki),
        Upload::new(
            "text around blocks",
            format!("subject=CN = www\n{chain}\nend of file"),
            format!("Bag Attributes\n  x: y\n{key}"),
            pki,
        ),
        Upload::new(
            "END and BEGIN glued",
            chain.replace("-----\n-----BEGIN", "----------BEGIN"),
            key.clone(),
            pki,
        ),
        Upload::new("no padding", chain.replace('=', ""), key.replace('=', ""), pki),
        Upload::new("one long line a block", unwrapped(&chain), unwrapped(&key), pki),
        Upload::new("DER", pki.issued.certificates().concat(), pki.issued.key_der(), pki),
        pki.with_chain("the older label", chain.replace("CERTIFICATE", "X509 CERTIFICATE")),
    ]
}

/// The base64 of each block on one line.
fn unwrapped(pem: &str) -> String {
    let mut text = String::new();
    for line in pem.lines() {
        let is_boundary = line.starts_with('-');
        if is_boundary && line.contains("END") {
            text.push('\n');
        }
        text.push_str(line);
        if is_boundary {
            text.push('\n');
        }
    }
    text
}

fn damaged_text(pki: &Pki) -> Vec<Upload> {
    let (chain, key) = (pki.issued.chain_pem(), pki.issued.key_pem());
    let middle = chain.len() / 4;
    let mut starred = chain.clone();
    starred.replace_range(middle..=middle, "*");
    let bare = BASE64_STANDARD.encode(&pki.issued.certificates()[0]);
    let bare_key = BASE64_STANDARD.encode(pki.issued.key_der());
    let utf16: Vec<u8> = chain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        pki.with_chain("an empty chain", ""),
        pki.with_chain("a chain of blanks", " \n\t\r\n"),
        pki.with_key("an empty key", ""),
        pki.with_chain("a sentence for a chain", "see attachment"),
        pki.with_key("a sentence for a key", "see attachment"),
        pki.with_chain("JSON for a chain", r#"{"ca": "..."}"#),
        pki.with_chain("UTF-16", utf16),
        pki.with_chain("base64 without boundaries", bare),
        pki.with_key("a key without boundaries", bare_key),
        pki.with_chain("newlines written out", chain.replace('\n', "\\n")),
        pki.with_key("newlines written out in the key", key.replace('\n', "\\n")),
        pki.with_chain("newlines written out within blocks", chain.replacen("\nMII", "\nMI\\nI", 1)),
        pki.with_chain("newlines turned into blanks", chain.replace('\n', " ")),
        pki.with_key("newlines lost in the key", key.replace('\n', "")),
        pki.with_chain("all white space lost", chain.replace(['\n', ' '], "")),
        pki.with_chain("em dashes", chain.replace("-----", "\u{2014}\u{2014}-")),
        pki.with_key("em dashes in the key's last line", key.replace("-----END", "\u{2014}\u{2014}-END")),
        pki.with_chain("four hyphens", chain.replace("-----", "----")),
        pki.with_chain(
            "the second block has four hyphens",
            format!("{}{}", pki.issued.leaf_pem(), pki.ca.pem().replace("-----", "----")),
        ),
        pki.with_chain("cut in the middle", chain[..middle * 3].to_owned()),
        pki.with_key("a key that is cut", key[..key.len() / 2].to_owned()),
        pki.with_chain("the first lines are missing", chain.lines().skip(2).collect::<Vec<_>>().join("\n")),
        pki.with_chain(
            "a line is missing in the middle",
            chain
                .lines()
                .enumerate()
                .filter(|(n, _)| *n != 4)
                .map(|(_, line)| format!("{line}\n"))
                .collect::<String>(),
        ),
        pki.with_chain("an END is missing", chain.replacen("-----END CERTIFICATE-----\n", "", 1)),
        pki.with_chain("a foreign character", starred),
        pki.with_chain("a digit too many", chain.replacen("\nMII", "\nMIIM", 1)),
        pki.with_chain("an empty block", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        pki.with_chain("two labels for one block", chain.replacen("END CERTIFICATE", "END CERT", 1)),
        pki.with_chain(
            "an unknown block",
            format!("{chain}-----BEGIN SURPRISE-----\nAAAA\n-----END SURPRISE-----\n"),
        ),
        pki.with_key(
            "an unknown block in the key",
            format!("-----BEGIN SURPRISE-----\nAAAA\n-----END SURPRISE-----\n{key}"),
        ),
    ]
}

fn other_things(pki: &Pki) -> Vec<Upload> {
    let (chain, key) = (pki.issued.chain_pem(), pki.issued.key_pem());
    let request = frozen_text("request.pem");
    vec![
        Upload::new("the fields are swapped", key.clone(), chain.clone(), pki),
        Upload::new("everything in both fields", format!("{chain}{key}"), format!("{chain}{key}"), pki),
        pki.with_chain("a key among the certificates", format!("{chain}{key}")),
        pki.with_key("a certificate in front of the key", format!("{chain}{key}")),
        pki.with_chain("a request for a chain", request.clone()),
        pki.with_key("a request for a key", request.clone()),
        pki.with_chain("a request behind a certificate's label", request.replace(" REQUEST", "")),
        pki.with_chain("a revocation list", frozen("crl.pem")),
        pki.with_chain("PKCS #7", frozen("bundle.p7b")),
        pki.with_key("a public key", frozen("public_key.pem")),
        pki.with_chain("a public key for a chain", frozen("public_key.pem")),
        pki.with_key("an OpenSSH key", frozen("openssh.pem")),
        pki.with_chain(
            "Diffie-Hellman parameters behind the chain",
            format!("{chain}{}", frozen_text("dh.pem")),
        ),
        pki.with_key(
            "only EC parameters",
            frozen_text("ec_with_parameters.pem")
                .split_inclusive("END EC PARAMETERS-----\n")
                .next()
                .unwrap_or_default(),
        ),
        pki.with_key("two keys", format!("{key}{key}")),
    ]
}

/// A certificate with a part of its DER changed.
fn altered(pki: &Pki, from: &[u8], to: &[u8]) -> String {
    let leaf = &pki.issued.certificates()[0];
    let at = leaf.windows(from.len()).position(|part| part == from).expect("the part is there");
    let mut altered = leaf.clone();
    altered[at..at + from.len()].copy_from_slice(to);
    certificates_pem(&[altered])
}

fn damaged_der(pki: &Pki) -> Vec<Upload> {
    let leaf = pki.issued.certificates()[0].clone();
    let truncated = leaf[..leaf.len() - 9].to_vec();
    let trailing = [leaf.clone(), b"tail".to_vec()].concat();
    let mut nested = leaf.clone();
    nested[5] = 0x31;
    vec![
        pki.with_chain("DER that is cut", certificates_pem(&[truncated])),
        pki.with_chain("bytes behind a certificate", certificates_pem(&[trailing])),
        pki.with_chain(
            "two certificates in one block",
            certificates_pem(&[[leaf.clone(), pki.ca.der().to_vec()].concat()]),
        ),
        pki.with_chain("a wrong tag", certificates_pem(&[nested])),
        pki.with_chain(
            "random bytes in a block",
            "-----BEGIN CERTIFICATE-----\nAAECAwQFBgcICQ==\n-----END CERTIFICATE-----\n",
        ),
        pki.with_chain("a date without Z", altered(pki, b"Z\x17\x0d", b"+\x17\x0d")),
        pki.with_chain("a month that is none", altered(pki, b"2611", b"2613")),
        pki.with_chain("a UTCTime without seconds", without_seconds(&leaf)),
    ]
}

/// Cuts the seconds from the first date, and the lengths around it.
fn without_seconds(leaf: &[u8]) -> String {
    let date = leaf.windows(2).position(|part| part == b"\x17\x0d").expect("there is a UTCTime");
    let mut shorter = leaf.to_vec();
    shorter.drain(date + 12..date + 14);
    shorter[date + 1] -= 2;
    shorter[date - 1] -= 2;
    for length in [2, 6] {
        let value = u16::from_be_bytes([shorter[length], shorter[length + 1]]) - 2;
        shorter[length..length + 2].copy_from_slice(&value.to_be_bytes());
    }
    certificates_pem(&[shorter])
}

fn caps(pki: &Pki) -> Vec<Upload> {
    let many = |count: usize| pki.issued.leaf_pem().repeat(count);
    let names: Vec<String> = (0..1001).map(|n| format!("{n}.a")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut extensions = TestLeaf::new(&["www.example.com"]);
    extensions.extensions = (0..32).map(|n| (vec![1, 2, 3, n], false, vec![5, 0])).collect();
    let mut large = TestLeaf::new(&["www.example.com"]);
    large.extensions = vec![(vec![1, 2, 3], false, vec![0; 16 * 1024])];
    let purpose = |n: u8| [&[0x06, 0x03, 0x2a, 0x03][..], &[n]].concat();
    let purposes: Vec<u8> = (0..17).flat_map(purpose).collect();
    let mut purposeful = TestLeaf::new(&["www.example.com"]);
    purposeful.server_auth = false;
    purposeful.extensions =
        vec![(vec![2, 5, 29, 37], false, [&[0x30, purposes.len() as u8][..], &purposes].concat())];
    let filler = "x".repeat(256 * 1024);
    vec![
        pki.with_chain("256 KiB and a byte", filler.clone()),
        pki.with_key("256 KiB of key", filler),
        pki.with_chain("nine certificates", many(9)),
        pki.with_chain("a hundred certificates", many(100)),
        pki.leaf("1,001 names", &TestLeaf::new(&names).valid(now() - DAY, now() + 60 * DAY)),
        pki.leaf("too many extensions", &extensions),
        pki.leaf("17 purposes", &purposeful),
        pki.leaf("a certificate of more than 16 KiB", &large),
    ]
}
