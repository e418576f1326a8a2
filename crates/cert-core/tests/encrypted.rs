//! Encrypted keys and PKCS #12 files: encrypted or not, the verdict is the same, and any bytes get one.
#![cfg(all(feature = "encrypted-keys", feature = "pkcs12"))]

use std::{
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use cert_core::{
    Bundle, ErrorCode, Input, KeyForm, Passphrase, Report, Rule, Timestamp, TrustAnchors, ValidationPolicy,
    decode_pem,
};
use proptest::{collection::vec, prelude::*, sample::Index};

const DAY: i64 = 86_400;

/// 2026-11-30, when the frozen certificates are valid.
fn now() -> Timestamp {
    Timestamp::from_unix(1_796_000_000)
}

fn frozen(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/encrypted");
    fs::read(folder.join(name)).expect("the file is in the repository")
}

/// The forms in which the EC key is kept, all with the passphrase `secret`. Those that are slow to derive are left out.
const ENCRYPTED_KEYS: [&str; 13] = [
    "ec_aes128.key.pem",
    "ec_aes192.key.pem",
    "ec_aes256.key.pem",
    "ec_des.key.pem",
    "ec_des3.key.pem",
    "ec_pbes1_md5_des.key.pem",
    "ec_pbes1_sha1_des.key.pem",
    "ec_pbes2.key.der",
    "ec_pbes2_aes128_sha512.key.pem",
    "ec_pbes2_aes256.key.pem",
    "ec_pbes2_des3_sha1.key.pem",
    "ec_pkcs12_des3.key.pem",
    "ec_pkcs12_rc2.key.pem",
];
const FILES: [&str; 6] =
    ["modern.p12", "legacy.p12", "rc2_128.p12", "plain.p12", "without_mac.p12", "java.p12"];

struct Frozen {
    policy: ValidationPolicy,
    passphrase: Passphrase,
    plain_key: Vec<u8>,
    encrypted_keys: Vec<Vec<u8>>,
    files: Vec<Vec<u8>>,
    /// Leaf, CA and root, and the leaf of the RSA key.
    certificates: Vec<Vec<u8>>,
}

static FROZEN: LazyLock<Frozen> = LazyLock::new(|| {
    let anchors = TrustAnchors::from_pem(&frozen("root.pem")).expect("the frozen root decodes");
    let pem = [frozen("ec.pem"), frozen("root.pem"), frozen("rsa.pem")].concat();
    let mut certificates = decode_pem(&pem).expect("the frozen certificates decode");
    // The CA of the RSA leaf is the same one.
    certificates.truncate(4);
    Frozen {
        policy: ValidationPolicy::new(Arc::new(anchors)),
        passphrase: Passphrase::new("secret"),
        plain_key: frozen("ec.key.pem"),
        encrypted_keys: ENCRYPTED_KEYS.map(frozen).to_vec(),
        files: FILES.map(frozen).to_vec(),
        certificates,
    }
});

/// What a report says, but for lines.
fn verdict(report: &Report) -> (Option<ErrorCode>, Vec<(Rule, String)>, Option<&str>) {
    let said = report
        .findings()
        .iter()
        .map(|finding| (finding.rule(), finding.message(cert_core::Language::En)))
        .collect();
    (report.verdict(), said, report.corrected_chain())
}

/// Judges in both ways, which must agree.
fn judge(input: Input<'_>) -> Report {
    let report = input.inspect(&FROZEN.policy, now());
    let validated = Bundle::open(input).and_then(|bundle| bundle.validate(&FROZEN.policy, now()));
    match validated {
        Ok(valid) => {
            assert!(report.accepted());
            assert_eq!(report.corrected_chain(), Some(valid.chain().to_pem().as_str()));
        }
        Err(error) => {
            let first = report.first_error().map(|finding| (finding.code(), finding.rule()));
            assert_eq!(first, Some((Some(error.code()), error.rule())));
        }
    }
    report
}

/// Changes, cuts and repeats bytes.
fn damage(mut bytes: Vec<u8>, edits: &[(Index, u8, usize)]) -> Vec<u8> {
    for (at, byte, cut) in edits {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match cut {
            0 => bytes[at] = *byte,
            1..20 => drop(bytes.drain(at..(at + cut).min(bytes.len()))),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(Index, u8, usize)>> {
    vec((any::<Index>(), any::<u8>(), 0..30_usize), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn encrypted_or_not_is_the_same_verdict(
        which in any::<Index>(),
        picks in vec(any::<Index>(), 1..6),
        days in -100..100_i64,
    ) {
        let chain: Vec<u8> = picks.iter().flat_map(|pick| pick.get(&FROZEN.certificates).clone()).collect();
        let encrypted = which.get(&FROZEN.encrypted_keys);
        let at = now() + days * DAY;
        let plain = Input::pair(&chain, &FROZEN.plain_key).inspect(&FROZEN.policy, at);
        let input = Input::pair(&chain, encrypted).passphrase(&FROZEN.passphrase);
        let report = input.inspect(&FROZEN.policy, at);
        prop_assert_eq!(verdict(&report), verdict(&plain));
    }

    #[test]
    fn any_passphrase_gets_a_verdict(which in any::<Index>(), passphrase in vec(any::<u8>(), 0..40)) {
        let chain = frozen("ec.pem");
        let is_right = passphrase == b"secret";
        let passphrase = Passphrase::new(passphrase);
        let key = which.get(&FROZEN.encrypted_keys);
        let report = judge(Input::pair(&chain, key).passphrase(&passphrase));
        let refused = report.first_error().map(cert_core::Finding::rule);
        prop_assert_eq!(refused, (!is_right).then_some(Rule::WrongPassphrase));
    }

    #[test]
    fn damaged_keys_get_a_verdict(which in any::<Index>(), edits in edits()) {
        let key = damage(which.get(&FROZEN.encrypted_keys).clone(), &edits);
        let chain = frozen("ec.pem");
        judge(Input::pair(&chain, &key).passphrase(&FROZEN.passphrase));
        judge(Input::pair(&chain, &key));
    }

    #[test]
    fn damaged_files_get_a_verdict(which in any::<Index>(), edits in edits()) {
        let file = damage(which.get(&FROZEN.files).clone(), &edits);
        judge(Input::pkcs12(&file).passphrase(&FROZEN.passphrase));
        judge(Input::pkcs12(&file));
    }

    #[test]
    fn a_file_in_ber_is_the_same_file(which in any::<Index>(), pieces in 1..400_usize) {
        let der = which.get(&FROZEN.files);
        let ber = to_ber(der, pieces);
        prop_assert_ne!(&ber, der);
        let expected = judge(Input::pkcs12(der).passphrase(&FROZEN.passphrase));
        let report = judge(Input::pkcs12(&ber).passphrase(&FROZEN.passphrase));
        prop_assert!(report.accepted());
        prop_assert_eq!(verdict(&report), verdict(&expected));
        prop_assert!(Input::of_file(&ber).inspect(&FROZEN.policy, now()).first_error().is_some());
    }
}

/// Rewrites DER with lengths that are not said at the start, and with long octet strings in pieces.
fn to_ber(der: &[u8], pieces: usize) -> Vec<u8> {
    let mut ber = Vec::new();
    let mut rest = der;
    while let [tag, first, ..] = *rest {
        let (header, length) = match first {
            0x81 => (3, usize::from(rest[2])),
            0x82 => (4, usize::from(u16::from_be_bytes([rest[2], rest[3]]))),
            short => (2, usize::from(short)),
        };
        let (element, behind) = rest.split_at(header + length);
        let content = &element[header..];
        if tag & 0x20 != 0 {
            ber.extend([tag, 0x80]);
            ber.extend(to_ber(content, pieces));
            ber.extend([0, 0]);
        } else if tag == 0x04 && length > pieces {
            ber.extend([0x24, 0x80]);
            for piece in content.chunks(pieces.min(100)) {
                ber.extend([0x04, piece.len() as u8]);
                ber.extend(piece);
            }
            ber.extend([0, 0]);
        } else {
            ber.extend(element);
        }
        rest = behind;
    }
    ber
}

#[test]
fn what_was_encrypted_comes_back_as_pkcs8() {
    for (chain, key, form) in [
        ("ec.pem", "ec_aes256.key.pem", KeyForm::Pkcs8),
        ("ec.pem", "ec_pbes2_aes256.key.pem", KeyForm::Pkcs8),
        ("rsa.pem", "rsa_des3.key.pem", KeyForm::Pkcs8),
        ("rsa.pem", "rsa.key.pem", KeyForm::Pkcs8),
    ] {
        let (chain, key) = (frozen(chain), frozen(key));
        let input = Input::pair(&chain, &key).passphrase(&FROZEN.passphrase);
        let bundle = Bundle::open(input).expect("the frozen key opens");
        assert_eq!(bundle.key().form(), form);
        let pem = bundle.key().secret_pem();
        let again = Bundle::decode(&chain, pem.as_bytes()).expect("what is given back decodes");
        assert_eq!(again.key().secret_der(), bundle.key().secret_der());
    }
}

#[test]
fn a_file_is_judged_as_its_parts_are() {
    let chain = [frozen("ec.pem"), frozen("root.pem")].concat();
    let parts = judge(Input::pair(&chain, &FROZEN.plain_key));
    for (file, name) in FROZEN.files.iter().zip(FILES) {
        let report = judge(Input::pkcs12(file).passphrase(&FROZEN.passphrase));
        assert_eq!(verdict(&report), verdict(&parts), "{name}");
    }
}

#[test]
fn a_file_without_order_is_not_called_out_of_order() {
    let report = judge(Input::pkcs12(&frozen("reversed.p12")).passphrase(&FROZEN.passphrase));
    let rules: Vec<Rule> = report.findings().iter().map(cert_core::Finding::rule).collect();
    assert_eq!(rules, [Rule::RootIncluded]);
}

#[test]
fn a_file_is_told_from_a_chain() {
    for (name, rule) in [
        ("modern.p12", Rule::KeyEncrypted),
        ("modern.p12.base64", Rule::KeyEncrypted),
        ("nss.p12", Rule::KdfTooCostly),
    ] {
        let file = frozen(name);
        let report = Input::of_file(&file).inspect(&FROZEN.policy, now());
        assert_eq!(report.first_error().map(cert_core::Finding::rule), Some(rule), "{name}");
    }
    let chain = frozen("ec.pem");
    assert!(Input::of_file(&chain).inspect(&FROZEN.policy, now()).accepted());
}
