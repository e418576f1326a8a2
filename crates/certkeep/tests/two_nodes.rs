//! Two servers on one Postgres: quotas are exact, and what one acknowledged the other shows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::thread;

use serde_json::json;
use server::{ALICE, Server, Site};

const QUOTA: usize = 5;
const UPLOADS: usize = 24;

#[test]
fn quota_is_exact_and_reads_are_fresh_across_nodes() {
    let Some(url) = test_postgres::shared_url() else { return };
    let site = Site::on(&format!("{url}?schema={}", test_postgres::schema()), QUOTA as u64);
    let nodes = [site.start(), site.start()];
    let issued: Vec<_> = (0..UPLOADS).map(|n| site.issue(&format!("n{n}.example.com"))).collect();

    let answers: Vec<_> = thread::scope(|scope| {
        let uploads: Vec<_> = issued
            .iter()
            .enumerate()
            .map(|(n, certificate)| {
                let node = &*nodes[n % 2];
                scope.spawn(move || node.upload(ALICE, &format!("n{n}"), certificate).unwrap())
            })
            .collect();
        uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
    });
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((accepted.len(), refused.len()), (QUOTA, UPLOADS - QUOTA));
    assert!(refused.iter().all(|answer| answer.json["code"] == 400_500));

    for answer in accepted {
        let id = answer.json["certID"].as_str().unwrap();
        each_sees(&nodes, &format!("/sslcert/{id}"), 200);
        // Written on one node, read on the other at once.
        let name =
            nodes[0].call(ALICE, "GET", &format!("/sslcert/{id}"), b"").unwrap().json["common_name"].clone();
        let domain = format!("/domain/{}", name.as_str().unwrap());
        let bind = json!({ "certId": id }).to_string();
        let bound = nodes[1].call(ALICE, "PUT", &format!("{domain}/httpsconf"), bind.as_bytes()).unwrap();
        assert_eq!(bound.status, 200, "{}", bound.json);
        each_sees(&nodes, &domain, 200);
        assert_eq!(
            nodes[0].call(ALICE, "DELETE", &format!("/sslcert/{id}"), b"").unwrap().json["code"],
            400_611
        );
        assert_eq!(nodes[0].call(ALICE, "PUT", &format!("{domain}/unsslize"), b"").unwrap().status, 200);
        assert_eq!(nodes[1].call(ALICE, "DELETE", &format!("/sslcert/{id}"), b"").unwrap().status, 200);
        each_sees(&nodes, &domain, 404);
        each_sees(&nodes, &format!("/sslcert/{id}"), 400);
    }
    assert!(nodes.iter().all(|node| node.list(ALICE).is_empty()));
}

fn each_sees(nodes: &[Server], path: &str, status: u16) {
    for node in nodes {
        assert_eq!(node.call(ALICE, "GET", path, b"").unwrap().status, status, "{path}");
    }
}
