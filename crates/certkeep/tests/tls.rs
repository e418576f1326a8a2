//! HTTPS with a certificate from the server's own store, renewed while it runs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::{
    fs,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use cert_core::{
    ValidationPolicy,
    testing::{Issued, TestLeaf},
};
use cert_service::{Caller, CertService, LocalKeyRing, Plan, Upload};
use cert_store::{BindOptions, SledStore, Target};
use server::{ALICE, Server, Site, now};

const NAME: &str = "certs.example.com";
const FLAGS: [&str; 4] = ["--tls-listen", "127.0.0.1:0", "--tls-name", NAME];

fn issue(site: &Site, days: i64) -> Issued {
    let valid = (now() - 86_400, now() + days * 86_400);
    site.authority.issue(&TestLeaf::new(&[NAME]).valid(valid.0, valid.1))
}

/// Stores a certificate and binds it while no server runs.
fn bind(site: &Site, issued: &Issued) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ring = LocalKeyRing::from_file(site.folder().join("keyring.toml")).unwrap();
        let policy = ValidationPolicy::new(Arc::new(site.trust()));
        let certs = CertService::builder(SledStore::open(site.store()).unwrap(), ring)
            .policies(Plan::new(Arc::new(policy)))
            .build()
            .await
            .unwrap();
        let alice = Caller::tenant("alice").unwrap();
        let upload = Upload::pem(issued.chain_pem(), issued.key_pem());
        let id = certs.upload(&alice, upload).await.unwrap().id();
        let target = Target::cdn(NAME.parse().unwrap());
        certs.bind(&alice, id, &target, BindOptions::default()).await.unwrap();
    });
}

/// What a client sees of `/healthz`, and the leaf that it is shown.
fn look(server: &Server, site: &Site) -> (String, String) {
    let line = server.announced.iter().find(|line| line.contains("as https://")).expect("it says where");
    let address = line.strip_prefix("and on ").unwrap().split(' ').next().unwrap();
    let (ip, port) = address.rsplit_once(':').unwrap();
    let root = site.folder().join("root.pem");
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--cacert", root.to_str().unwrap()])
        .args(["--resolve", &format!("{NAME}:{port}:{ip}"), &format!("https://{NAME}:{port}/healthz")])
        .output()
        .expect("curl is installed: the test needs it");
    let text = [output.stdout, output.stderr].concat();
    let shown = Command::new("openssl")
        .args(["s_client", "-connect", address, "-servername", "someone.else.example"])
        .stdin(std::process::Stdio::null())
        .output()
        .expect("openssl is installed: the test needs it");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    (String::from_utf8_lossy(&text).into_owned(), base64_of(&shown))
}

fn base64_of(pem: &str) -> String {
    let body = pem.split("-----BEGIN CERTIFICATE-----").nth(1).unwrap_or_default();
    body.split("-----END").next().unwrap_or_default().split_whitespace().collect()
}

#[test]
fn https_is_served_from_the_store_and_renewed_without_a_restart() {
    let site = Site::new(10);
    site.configure("[class.renewing]\ntakeover = true\n", "class = \"renewing\"");
    // The first run makes the key ring, and has no certificate for its own name yet.
    let server = site.start_with(&FLAGS);
    let (said, shown) = look(&server, &site);
    assert!(shown.is_empty() && said.contains("curl"), "{said}");
    assert_eq!(server.terminate(), Some(0), "it stops when asked to");

    let first = issue(&site, 30);
    bind(&site, &first);
    let server = site.start_with(&FLAGS);
    let (said, shown) = look(&server, &site);
    assert!(!said.contains("curl"), "{said}");
    assert_eq!(shown, base64_of(&first.leaf_pem()), "whatever name a client asks for");

    let renewed = issue(&site, 60);
    assert_eq!(server.upload(ALICE, "renewed", &renewed).unwrap().status, 200);
    let deadline = Instant::now() + Duration::from_secs(30);
    while look(&server, &site).1 != base64_of(&renewed.leaf_pem()) {
        assert!(Instant::now() < deadline, "the renewed certificate is never shown");
    }
    server.kill();
    let server = site.start_with(&FLAGS);
    assert_eq!(look(&server, &site).1, base64_of(&renewed.leaf_pem()), "nor does a crash change it");
}

#[test]
fn https_without_a_name_is_refused_in_words() {
    let site = Site::new(10);
    let config = site.folder().join("certkeep.toml");
    for (arguments, said) in [
        (&["--tls-listen", "127.0.0.1:0"][..], "tls_name"),
        (&["--tls-listen", "127.0.0.1:0", "--tls-name", "no name"], "no name"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_certkeep"))
            .args(["serve", "--config", config.to_str().unwrap()])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(said), "{text}");
    }
    assert!(fs::exists(&config).unwrap());
}
