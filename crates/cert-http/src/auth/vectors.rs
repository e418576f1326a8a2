//! Golden vectors, computed with the provider's official Python SDK for `TESTAK` and `TESTSK`.

use std::{collections::HashMap, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use cert_core::Timestamp;
use cert_service::{Caller, FixedClock};
use zeroize::Zeroizing;

use super::{Authenticator, Credential, Scheme, SignedRequest};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const DATE: (&str, &str) = ("x-qiniu-date", "20260213T120000Z");
const NOON: i64 = 1_770_984_000;

#[derive(Clone)]
struct Case<'a> {
    method: Method,
    target: &'a str,
    host: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

impl Case<'_> {
    fn accepts(&self, authorization: &str, now: i64) -> bool {
        self.accepts_with(authorization, now, |credential| credential)
    }

    fn accepts_with(&self, authorization: &str, now: i64, held: impl Fn(Credential) -> Credential) -> bool {
        let caller = Caller::tenant("owner").unwrap();
        let credential = held(Credential::new(caller, Zeroizing::new("TESTSK".into())));
        let credentials = HashMap::from([("TESTAK".to_owned(), Arc::new(credential))]);
        let clock = FixedClock::new(Timestamp::from_unix(now));
        let authenticator = Authenticator::new(credentials).with_clock(clock);

        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().chain([&("authorization", authorization)]) {
            headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let request = SignedRequest {
            method: &self.method,
            target: self.target,
            host: self.host,
            headers: &headers,
            body: self.body,
        };
        authenticator.claim(&headers).and_then(|claim| claim.verify(&request)).is_some()
    }
}

fn get(target: &str) -> Case<'_> {
    Case { method: Method::GET, target, host: "api.qiniu.com", headers: &[], body: b"" }
}

#[test]
fn qbox() {
    let list = "QBox TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=";
    assert!(get("/sslcert").accepts(list, 0));
    let json = Case { method: Method::POST, headers: &[JSON], body: b"{\"name\":1}", ..get("/sslcert") };
    assert!(json.accepts(list, 0), "a JSON body is not signed");
    assert!(get("/sslcert?marker=&limit=10").accepts("QBox TESTAK:jbdDlSWt0LUAcqumk_SkDFb2QWg=", 0));
    let one = "QBox TESTAK:Gb4D4Nl3AUA_whY_RFaaMD5C4uQ=";
    assert!(get("/sslcert/5cd118063405971836000359").accepts(one, 0));

    let form = Case { method: Method::POST, headers: &[FORM], body: b"a=1&b=2", ..get("/sslcert") };
    assert!(form.accepts("QBox TESTAK:kyGZzm6l-EBarMLLijV1PRKwgtA=", 0));
    assert!(!form.accepts(list, 0), "a form body is signed");
    let no_body = Case { headers: &[FORM], ..get("/sslcert") };
    assert!(no_body.accepts(list, 0));
}

#[test]
fn qiniu() {
    let list = Case { host: "127.0.0.1:8080", headers: &[FORM, DATE], ..get("/sslcert?marker=&limit=10") };
    let create =
        Case { method: Method::POST, headers: &[JSON, DATE], body: b"{\"name\":\"n\"}", ..get("/sslcert") };
    let delete = Case { method: Method::DELETE, ..get("/sslcert/abc") };
    assert!(list.accepts("Qiniu TESTAK:s7AvZt05Cc7XMTturtRRYRzyx8Y=", NOON));
    assert!(create.accepts("Qiniu TESTAK:g9Nit3oPI8KNDAy8kRjaaXuR-6E=", NOON));
    assert!(delete.accepts("Qiniu TESTAK:h5REceThTY6rWsjHE2gYzz7nNX0=", 0));

    let other_body = Case { body: b"{\"name\":\"m\"}", ..create };
    assert!(!other_body.accepts("Qiniu TESTAK:g9Nit3oPI8KNDAy8kRjaaXuR-6E=", NOON));
    let other_host = Case { host: "127.0.0.1:8081", ..list };
    assert!(!other_host.accepts("Qiniu TESTAK:s7AvZt05Cc7XMTturtRRYRzyx8Y=", NOON));
}

/// Computed with the provider's SDK for Node.js (`generateAccessTokenV2`).
#[test]
fn the_sdk_for_node_signs_a_port_twice_and_a_form_for_no_type() {
    let local = "127.0.0.1:8080";
    let list = Case { host: local, headers: &[FORM, DATE], ..get("/sslcert?marker=&limit=10") };
    assert!(list.accepts("Qiniu TESTAK:y_NJY_gSu57E5ZwlRW4nwJrpHwE=", NOON));
    let untyped = Case { headers: &[DATE], ..get("/sslcert?marker=&limit=10") };
    assert!(untyped.accepts("Qiniu TESTAK:a0v7vcGTvD-dVytQfkTgx-kIQdw=", NOON));
    let delete = Case { method: Method::DELETE, host: local, ..get("/sslcert/abc") };
    assert!(delete.accepts("Qiniu TESTAK:x1moNbIZXXBmjITqgbD_rjJjRV4=", 0));
    let create = Case { method: Method::POST, host: local, headers: &[JSON], ..get("/sslcert") };
    let signature = "Qiniu TESTAK:sZL5mTcuuTSoYZbsR4BTBOcjRqk=";
    assert!(Case { body: b"{\"name\":\"n\"}", ..create.clone() }.accepts(signature, 0));
    assert!(!Case { body: b"{\"name\":\"m\"}", ..create }.accepts(signature, 0));
}

#[test]
fn a_dated_signature_holds_for_fifteen_minutes_either_way() {
    let list = Case { host: "127.0.0.1:8080", headers: &[FORM, DATE], ..get("/sslcert?marker=&limit=10") };
    let signature = "Qiniu TESTAK:s7AvZt05Cc7XMTturtRRYRzyx8Y=";
    for (skew, accepted) in [(900, true), (-900, true), (901, false), (-901, false)] {
        assert_eq!(list.accepts(signature, NOON + skew), accepted, "{skew}");
    }
}

#[test]
fn clients_that_sign_another_reading_of_the_target_are_accepted() {
    let bare = super::sign_qbox("TESTAK", "TESTSK", "/sslcert?");
    assert!(get("/sslcert?").accepts(&bare, 0), "PHP 8 signs the bare question mark");
    assert!(get("/sslcert?").accepts("QBox TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=", 0));
    assert!(!get("/sslcert").accepts(&bare, 0));

    let decoded = super::sign_qbox("TESTAK", "TESTSK", "/sslcert/a b");
    assert!(get("/sslcert/a%20b").accepts(&decoded, 0), "Go signs the decoded path");
    let raw = super::sign_qbox("TESTAK", "TESTSK", "/sslcert/a%20b");
    assert!(get("/sslcert/a%20b").accepts(&raw, 0));
}

#[test]
fn everything_else_is_refused() {
    for authorization in [
        "",
        "QBox",
        "QBox TESTAK",
        "QBox TESTAK:",
        "QBox TESTAK:!!!!",
        "QBox OTHER:EoANbZRZJjtYeMhWSTu7WTBlkxQ=",
        "QBox TESTAK:FoANbZRZJjtYeMhWSTu7WTBlkxQ=",
        "Qiniu TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=",
        "Bearer TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=",
    ] {
        assert!(!get("/sslcert").accepts(authorization, 0), "{authorization}");
    }
}

#[test]
fn a_credential_can_be_held_to_a_scheme_and_to_a_date() {
    let qbox = "QBox TESTAK:EoANbZRZJjtYeMhWSTu7WTBlkxQ=";
    let list = Case { host: "127.0.0.1:8080", headers: &[FORM, DATE], ..get("/sslcert?marker=&limit=10") };
    let dated = "Qiniu TESTAK:s7AvZt05Cc7XMTturtRRYRzyx8Y=";
    let delete = Case { method: Method::DELETE, ..get("/sslcert/abc") };
    let undated = "Qiniu TESTAK:h5REceThTY6rWsjHE2gYzz7nNX0=";

    let only_qiniu = |credential: Credential| credential.with_schemes(&[Scheme::Qiniu]);
    assert!(!get("/sslcert").accepts_with(qbox, 0, only_qiniu));
    assert!(list.accepts_with(dated, NOON, only_qiniu) && delete.accepts_with(undated, 0, only_qiniu));
    let only_qbox = |credential: Credential| credential.with_schemes(&[Scheme::QBox]);
    assert!(get("/sslcert").accepts_with(qbox, 0, only_qbox));
    assert!(!delete.accepts_with(undated, 0, only_qbox));

    assert!(list.accepts_with(dated, NOON, Credential::dated));
    assert!(!list.accepts_with(dated, NOON + 16 * 60, Credential::dated));
    assert!(!delete.accepts_with(undated, 0, Credential::dated));
    assert!(!get("/sslcert").accepts_with(qbox, 0, Credential::dated));
}
