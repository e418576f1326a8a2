//! Whatever comes in: it is refused at once with what is wrong, the server stays up, and nothing is stored.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use cert_core::testing::{TestLeaf, certificates_pem};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use server::{ALICE, Answer, Server, Site};

#[test]
fn every_kind_of_bad_input_is_explained() {
    let site = Site::new(10);
    let server = site.start();
    let (good, other) = (site.issue("good.example.com"), site.issue("other.example.com"));
    let (chain, key) = (good.chain_pem(), good.key_pem());

    refused(&server, b"this is not JSON", 400, 400, "invalid_json", None);
    refused(&server, b"[]", 400, 400, "invalid_json", None);
    refused(&server, b"{\"pri\": 5}", 400, 400, "invalid_json", None);
    refused(&server, b"", 400, 400, "invalid_json", None);
    let upload = |ca: &str, pri: &str| json!({ "name": "x", "ca": ca, "pri": pri }).to_string().into_bytes();
    refused(&server, b"{}", 404, 404_906, "empty", Some("ca"));
    refused(&server, &upload("no PEM", &key), 404, 404_906, "no_pem", Some("ca"));
    refused(&server, &upload(&chain, "no PEM"), 404, 404_906, "no_pem", Some("pri"));
    refused(&server, &upload(&chain, &other.key_pem()), 404, 404_906, "key_mismatch", Some("pri"));
    refused(&server, &upload(&"x".repeat(300 * 1024), &key), 404, 404_906, "too_large", Some("ca"));
    let huge = vec![b' '; 2 * 1024 * 1024];
    refused(&server, &huge, 413, 413, "body_too_large", None);

    let same_name = with_same_name_issuers(&site);
    let answer = refused(&server, &same_name, 400, 400_323, "same_name_issuers", Some("ca"));
    assert!(answer.json["error"].as_str().unwrap().contains("Test CA"), "{}", answer.json);
    let many_purposes = with_long_purpose_lists(&site);
    refused(&server, &many_purposes, 404, 404_906, "too_many_purposes", Some("ca"));

    assert_eq!(server.list(ALICE), Vec::<Value>::new(), "nothing was stored");
    assert_eq!(server.upload(ALICE, "good", &good).unwrap().status, 200, "and the server is well");
}

/// Sends it, and checks everything that a refusal must have.
fn refused(server: &Server, body: &[u8], status: u16, code: u32, rule: &str, field: Option<&str>) -> Answer {
    let answer = server.call(ALICE, "POST", "/sslcert", body).expect("an answer");
    let json = &answer.json;
    assert_eq!((answer.status, &json["code"], &json["rule"]), (status, &json!(code), &json!(rule)), "{json}");
    assert!(json["error"].as_str().is_some_and(|text| text.len() > 15), "{json}");
    let findings = json["findings"].as_array().expect("a list of findings");
    match field {
        None => assert!(findings.is_empty(), "{json}"),
        Some(field) => {
            let first = &findings[0];
            assert_eq!((&first["rule"], &first["level"]), (&json!(rule), &json!("error")), "{json}");
            assert_eq!(first["location"]["field"], field, "{json}");
            assert!(
                json["error"].as_str().unwrap().starts_with(first["message"].as_str().unwrap()),
                "{json}"
            );
        }
    }
    answer
}

/// A leaf below one of seven authorities that share a name and have keys of their own.
fn with_same_name_issuers(site: &Site) -> Vec<u8> {
    let issued = site.authority.issue(&TestLeaf::new(&["same.example.com"]));
    let mut certificates = issued.certificates().to_vec();
    certificates.extend((0..6).map(|_| same_name_authority(&[])));
    json!({ "ca": certificates_pem(&certificates), "pri": issued.key_pem() }).to_string().into_bytes()
}

fn with_long_purpose_lists(site: &Site) -> Vec<u8> {
    let issued = site.authority.issue(&TestLeaf::new(&["long.example.com"]));
    let purposes: Vec<_> =
        (0..500).map(|n| ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 99_999, n])).collect();
    let mut certificates = issued.certificates().to_vec();
    certificates.extend((0..6).map(|_| same_name_authority(&purposes)));
    json!({ "ca": certificates_pem(&certificates), "pri": issued.key_pem() }).to_string().into_bytes()
}

fn same_name_authority(purposes: &[ExtendedKeyUsagePurpose]) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Test CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = purposes.to_vec();
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}
