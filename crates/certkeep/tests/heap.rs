//! The memory of the running server after uploads and reads over HTTP: no private key is left on its heap.
//!
//! Stacks are left out, as SECURITY.md says. What is live while a connection closes may take a moment to go.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt as _,
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use cert_core::testing::Issued;
use memchr::memmem;
use server::{ALICE, BOB, Server, Site};

#[test]
fn no_key_is_left_on_the_heap_after_uploads_and_reads() {
    let site = Site::new(100);
    let issued: Vec<_> = (0..8).map(|n| site.issue(&format!("n{n}.example.com"))).collect();
    let server = site.start();
    for (n, certificate) in issued.iter().enumerate() {
        let answer = server.upload(ALICE, &format!("n{n}"), certificate).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json);
        let target = format!("/sslcert/{}", answer.json["certID"].as_str().unwrap());
        let read = server.call(ALICE, "GET", &target, b"").unwrap();
        assert_eq!(read.json["pri"], certificate.key_pem().as_str());
    }
    refused_uploads(&server, &issued);

    // The scan finds what is there: a certificate that the store keeps, and the name of a credential. That it
    // would find a key shows where the server is built without its allocator.
    let heap = heap_of(server.id());
    for control in [issued[7].certificates()[0].as_slice(), ALICE.access_key.as_bytes()] {
        assert!(heap.iter().any(|part| memmem::find(part, control).is_some()), "the scan finds nothing");
    }
    let mut found = keys_in(&heap, &issued);
    for _ in 0..50 {
        if found.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
        found = keys_in(&heap_of(server.id()), &issued);
    }
    assert!(found.is_empty(), "private keys on the heap: {found:?}");
}

/// Keys that came with what was not stored.
fn refused_uploads(server: &Server, issued: &[Issued]) {
    let mixed = serde_json::json!({ "ca": issued[0].chain_pem(), "pri": issued[1].key_pem() }).to_string();
    for body in [mixed.as_str(), &mixed[..mixed.len() - 2]] {
        let answer = server.call(BOB, "POST", "/sslcert", body.as_bytes()).unwrap();
        assert!(answer.status >= 400, "{}", answer.json);
    }
}

/// Which keys are there, and in what form.
fn keys_in(heap: &[Vec<u8>], issued: &[Issued]) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (n, certificate) in issued.iter().enumerate() {
        for (form, pattern) in forms(&certificate.key_der()) {
            if heap.iter().any(|part| memmem::find(part, &pattern).is_some()) {
                found.push((n, form));
            }
        }
    }
    found
}

/// The secret number of a P-256 key (RFC 5915), and parts of its base64, wherever in a group of three octets they begin.
fn forms(pkcs8: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let at = memmem::find(pkcs8, &[2, 1, 1, 4, 32]).expect("an ECPrivateKey") + 5;
    let secret = &pkcs8[at..at + 32];
    // The first line of PEM ends after 48 octets, which is within; what is looked for stands in the second.
    let second_line = 48 - at;
    let base64 = (0..3).map(|skipped| {
        let whole = &secret[second_line + skipped..second_line + skipped + 15];
        ("base64", STANDARD_NO_PAD.encode(whole).into_bytes())
    });
    // A number that was computed with has its limbs in the order of the machine.
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    [("raw", secret.to_vec()), ("raw, reversed", reversed)].into_iter().chain(base64).collect()
}

/// The writable private memory of a process that belongs to no file and to no stack.
fn heap_of(process: u32) -> Vec<Vec<u8>> {
    let stacks = stack_pointers(process);
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let regions = maps.lines().filter_map(region);
    let heap = regions.filter(|region| !stacks.iter().any(|pointer| region.contains(pointer)));
    heap.filter_map(|region| {
        let mut part = vec![0; (region.end - region.start) as usize];
        // It may have been given back since it was listed.
        memory.read_exact_at(&mut part, region.start).ok()?;
        Some(part)
    })
    .collect()
}

fn region(line: &str) -> Option<Range<u64>> {
    let mut fields = line.split_whitespace();
    let (range, access) = (fields.next()?, fields.next()?);
    let name = fields.nth(3).unwrap_or_default();
    let (start, end) = range.split_once('-')?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    (access == "rw-p" && (name.is_empty() || name == "[heap]")).then_some(hex(start)?..hex(end)?)
}

/// Where the threads have their stacks, as far as they wait in the kernel.
fn stack_pointers(process: u32) -> Vec<u64> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let calls = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("syscall")).ok());
    calls
        .filter_map(|call| {
            let pointer = call.split_whitespace().rev().nth(1)?;
            u64::from_str_radix(pointer.strip_prefix("0x")?, 16).ok()
        })
        .collect()
}
