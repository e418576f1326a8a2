//! A server that is killed while tenants upload loses nothing that it acknowledged, and keeps no key in the clear.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use cert_core::testing::Issued;
use memchr::memmem;
use server::{ALICE, Server, Site};

const QUOTA: usize = 60;
const KILL_AFTER: usize = 25;
const THREADS: usize = 4;

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let site = Site::new(QUOTA as u64);
    let issued: Vec<_> = (0..QUOTA + 10).map(|n| site.issue(&format!("n{n}.example.com"))).collect();

    let acknowledged = upload_until_killed(site.start(), &issued);
    assert!(acknowledged.len() >= KILL_AFTER);

    let server = site.start();
    for (id, n) in &acknowledged {
        let answer = server.call(ALICE, "GET", &format!("/sslcert/{id}"), b"").unwrap();
        assert_eq!(answer.status, 200, "{id}: {}", answer.json);
        assert_eq!(
            answer.json["pri"].as_str().map(str::trim_end),
            Some(issued[*n].key_pem().replace('\r', "").trim_end())
        );
        assert_eq!(answer.json["ca"], issued[*n].chain_pem());
        assert_eq!(answer.json["name"], format!("n{n}"));
    }
    let listed: Vec<_> = server.list(ALICE).iter().map(|cert| cert["certid"].clone()).collect();
    assert!(acknowledged.iter().all(|(id, _)| listed.iter().any(|other| other == id)));

    quota_is_exact(&server, &issued);
    server.kill();
    keys_are_nowhere(&site.store(), &issued);
}

/// Uploads from several threads, and kills the server under them. Returns ids with their certificate's number.
fn upload_until_killed(server: Server, issued: &[Issued]) -> Vec<(String, usize)> {
    let (next, acknowledged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let connection = (*server).clone();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(certificate) = issued.get(n).filter(|_| n < QUOTA) else { return };
                    let Some(answer) = connection.upload(ALICE, &format!("n{n}"), certificate) else {
                        return;
                    };
                    assert_eq!(answer.status, 200, "{}", answer.json);
                    let id = answer.json["certID"].as_str().unwrap().to_owned();
                    acknowledged.lock().unwrap().push((id, n));
                }
            });
        }
        while acknowledged.lock().unwrap().len() < KILL_AFTER {
            thread::sleep(Duration::from_millis(1));
        }
        server.kill();
    });
    acknowledged.into_inner().unwrap()
}

/// Uploads of everything, known and new, stop exactly at the quota.
fn quota_is_exact(server: &Server, issued: &[Issued]) {
    let mut refused = 0;
    for (n, certificate) in issued.iter().enumerate() {
        let answer = server.upload(ALICE, &format!("n{n}"), certificate).unwrap();
        match answer.json["code"].as_u64() {
            Some(200) => {}
            Some(400_500) => refused += 1,
            _ => panic!("{}", answer.json),
        }
    }
    assert_eq!(server.list(ALICE).len(), QUOTA);
    assert_eq!(refused, issued.len() - QUOTA);
    let again = server.upload(ALICE, "n0", &issued[0]).unwrap();
    assert_eq!(again.status, 200, "a repeated upload gets its id even at the quota: {}", again.json);
}

fn keys_are_nowhere(store: &Path, issued: &[Issued]) {
    let bytes = contents(store);
    let leaf = &issued[0].certificates()[0];
    assert!(memmem::find(&bytes, leaf).is_some(), "the search finds what is kept in the clear");
    for certificate in issued {
        for (form, pattern) in forms(scalar(&certificate.key_der())) {
            assert!(memmem::find(&bytes, &pattern).is_none(), "a private key stands there in {form}");
        }
    }
}

fn contents(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { contents(&path) } else { fs::read(&path).unwrap() }).collect()
}

/// The secret number of a P-256 key: the octet string after the version of its `ECPrivateKey` (RFC 5915).
fn scalar(pkcs8: &[u8]) -> &[u8] {
    let at = memmem::find(pkcs8, &[2, 1, 1, 4, 32]).expect("an ECPrivateKey") + 5;
    &pkcs8[at..at + 32]
}

/// How it could stand there. Base64 has three readings, by where in a group of three octets it begins.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = |upper: bool| -> Vec<u8> {
        let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        if upper { text.to_uppercase() } else { text }.into_bytes()
    };
    let base64 = (0..3).map(|skipped| {
        let whole = &secret[skipped..skipped + 30];
        ("base64", STANDARD_NO_PAD.encode(whole).into_bytes())
    });
    [("raw", secret.to_vec()), ("hex", hex(false)), ("hex", hex(true))].into_iter().chain(base64).collect()
}
