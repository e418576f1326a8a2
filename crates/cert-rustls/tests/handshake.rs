//! Which certificate a client gets, by clients of three kinds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::{fs, net::SocketAddr, sync::Arc};

use cert_core::{KeyType, testing::Issued};
use cert_rustls::Edge;
use rustls::version::{TLS12, TLS13};
use site::{
    DAY, RSA, Site, alice, cdn,
    client::{BOTH, Client, Verifies, base64_of, curl, leaf, openssl, openssl_leaf},
    listen, upload,
};
use tokio::net::TcpListener;

/// A name with both types of key, a wildcard above it, and a name with RSA only.
struct Zone {
    site: Site,
    ec: Issued,
    rsa: Issued,
    wildcard: Issued,
    old: Issued,
}

impl Zone {
    async fn new() -> Self {
        let site = Site::new().await;
        let ec = site.issue(&["both.example.com"], KeyType::EcP256, 30);
        let rsa = site.issue(&["both.example.com"], RSA, 30);
        let wildcard = site.issue(&["*.example.com"], KeyType::EcP384, 30);
        let old = site.issue(&["old.example.com"], RSA, 30);
        site.serve(&["both.example.com"], &rsa).await;
        let id = site.certs.upload(&alice(), upload(&ec)).await.unwrap().id();
        site.bind(id, cdn("both.example.com").alternate()).await;
        site.serve(&["*.example.com"], &wildcard).await;
        site.serve(&["old.example.com"], &old).await;
        site.certs.refresh_names().await.unwrap();
        Self { site, ec, rsa, wildcard, old }
    }

    fn root_file(&self) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), self.site.root.pem()).unwrap();
        file
    }
}

/// A server that knows nothing of `accept`, on the resolver alone.
async fn listen_on_the_resolver(edge: &Edge) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(edge.server_config().unwrap()));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let accepting = acceptor.accept(stream);
            tokio::spawn(async move {
                let _ = accepting.await;
            });
        }
    });
    address
}

#[tokio::test]
async fn rustls_clients_get_what_they_can_verify() {
    let zone = Zone::new().await;
    let edge = zone.site.edge().build();
    for name in ["both.example.com", "any.example.com", "old.example.com"] {
        edge.warm(&name.parse().unwrap()).await.unwrap();
    }
    let (ec, rsa, wildcard, old) = (leaf(&zone.ec), leaf(&zone.rsa), leaf(&zone.wildcard), leaf(&zone.old));
    for address in [listen(&edge).await, listen_on_the_resolver(&edge).await] {
        for versions in [BOTH, &[&TLS12], &[&TLS13]] {
            let client = |verifies| Client::with(&zone.site.root, verifies, versions);
            for (verifies, name, expected) in [
                (Verifies::All, "both.example.com", Some(&ec)),
                (Verifies::Ecdsa, "both.example.com", Some(&ec)),
                (Verifies::Rsa, "both.example.com", Some(&rsa)),
                (Verifies::All, "any.example.com", Some(&wildcard)),
                (Verifies::All, "BOTH.example.COM", Some(&ec)),
                (Verifies::Rsa, "any.example.com", None),
                (Verifies::Ecdsa, "old.example.com", None),
                (Verifies::Rsa, "old.example.com", Some(&old)),
                (Verifies::All, "a.b.example.com", None),
                (Verifies::All, "example.com", None),
                (Verifies::All, "unknown.example.net", None),
            ] {
                let shown = client(verifies).leaf(address, name).await;
                assert_eq!(shown.as_ref().ok(), expected, "{verifies:?} {name} {shown:?}");
            }
            let version = client(Verifies::All).version(address, "both.example.com").await.unwrap();
            assert!(versions.iter().any(|allowed| allowed.version == version));
        }
    }
    assert!(edge.status().unknown_names >= 18);
}

#[tokio::test]
async fn openssl_clients_get_what_they_can_verify() {
    let zone = Zone::new().await;
    let address = listen(&zone.site.edge().build()).await;
    let (file, [ec, rsa, wildcard]) =
        (zone.root_file(), [&zone.ec, &zone.rsa, &zone.wildcard].map(|issued| base64_of(&issued.leaf_pem())));
    let root = file.path().to_str().unwrap();
    let rsa_only = ["-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"];
    let ecdsa_only = ["-sigalgs", "ECDSA+SHA256:ECDSA+SHA384"];
    // Of a TLS 1.2 client the cipher suites say it, whatever signatures it lists.
    let rsa_suites = ["-cipher", "aRSA"];
    let none: [&str; 0] = [];
    for (version, name, limits, expected) in [
        ("-tls1_3", "both.example.com", &none[..], &ec),
        ("-tls1_2", "both.example.com", &none, &ec),
        ("-tls1_3", "both.example.com", &rsa_only, &rsa),
        ("-tls1_2", "both.example.com", &rsa_only, &rsa),
        ("-tls1_3", "both.example.com", &ecdsa_only, &ec),
        ("-tls1_2", "both.example.com", &ecdsa_only, &ec),
        ("-tls1_2", "both.example.com", &rsa_suites, &rsa),
        ("-tls1_3", "ANY.example.com", &none, &wildcard),
        ("-tls1_2", "any.example.com", &none, &wildcard),
    ] {
        let arguments = [&[version, "-servername", name][..], limits].concat();
        let shown = openssl_leaf(address, root, &arguments).await;
        assert!(!shown.is_empty() && shown == *expected, "{arguments:?}");
    }
    for arguments in [
        &["-servername", "unknown.example.net"][..],
        &["-noservername"],
        &["-servername", "any.example.com", "-sigalgs", "RSA-PSS+SHA256"],
        &["-servername", "old.example.com", "-sigalgs", "ECDSA+SHA256"],
    ] {
        let (ended_well, text) = openssl(address, root, arguments).await;
        assert!(!ended_well && text.contains("alert"), "{arguments:?} {text}");
    }
    let (ended_well, text) = openssl(address, root, &["-servername", "both.example.com"]).await;
    assert!(ended_well && text.contains("Verification: OK") && text.contains("TLSv1.3"), "{text}");
}

#[tokio::test]
async fn curl_clients_get_what_they_can_verify() {
    let zone = Zone::new().await;
    let address = listen(&zone.site.edge().build()).await;
    let file = zone.root_file();
    let root = file.path().to_str().unwrap();
    for (name, arguments, said) in [
        ("both.example.com", &["--tlsv1.3"][..], "TLSv1.3"),
        ("both.example.com", &["--tls-max", "1.2"], "ECDHE-ECDSA"),
        ("both.example.com", &["--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256"], "ECDHE-RSA"),
        ("any.example.com", &["--tls-max", "1.2"], "ECDHE-ECDSA"),
        ("old.example.com", &["--tlsv1.3"], "old.example.com"),
    ] {
        let (ended_well, text) = curl(address, root, name, arguments).await;
        assert!(ended_well && text.contains("200 OK") && text.contains(said), "{name} {arguments:?} {text}");
    }
    let (ended_well, text) = curl(address, root, "unknown.example.net", &[]).await;
    assert!(!ended_well && text.contains("alert"), "{text}");
}

#[tokio::test]
async fn a_default_answers_unknown_names_and_clients_without_one() {
    let zone = Zone::new().await;
    let (file, ec) = (zone.root_file(), base64_of(&zone.ec.leaf_pem()));
    let root = file.path().to_str().unwrap();
    let name = || "both.example.com".parse().unwrap();
    let with_default = listen(&zone.site.edge().default_name(name()).build()).await;
    for arguments in [&["-noservername"][..], &["-servername", "unknown.example.net"]] {
        assert_eq!(openssl_leaf(with_default, root, arguments).await, ec, "{arguments:?}");
    }
    let any = openssl_leaf(with_default, root, &["-servername", "any.example.com"]).await;
    assert_eq!(any, base64_of(&zone.wildcard.leaf_pem()));
    let only = listen(&zone.site.edge().only_name(name()).build()).await;
    assert_eq!(openssl_leaf(only, root, &["-servername", "any.example.com"]).await, ec);
}

#[tokio::test]
async fn unexpired_comes_before_expired() {
    let site = Site::new().await;
    let clock = cert_service::FixedClock::new(site.now);
    let short = site.issue(&["a.example.com"], KeyType::EcP256, 10);
    let wildcard = site.issue(&["*.example.com"], KeyType::EcP256, 30);
    site.serve(&["a.example.com"], &short).await;
    site.serve(&["*.example.com"], &wildcard).await;
    let policy = cert_core::ValidationPolicy::new(Arc::new(site.root.trust()));
    let certs =
        cert_service::CertService::builder_shared(Arc::clone(&site.store) as _, Arc::clone(&site.ring))
            .policies(cert_service::Plan::new(Arc::new(policy)))
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
    certs.refresh_names().await.unwrap();
    let address = listen(&Edge::builder(certs, site::provider()).build()).await;
    let client = Client::new(&site.root);
    assert_eq!(client.leaf(address, "a.example.com").await.unwrap(), leaf(&short));
    clock.set(site.now + 10 * DAY);
    assert_eq!(client.leaf(address, "a.example.com").await.unwrap(), leaf(&wildcard));
    // Both have expired: the name's own, so that its owner hears of it.
    clock.set(site.now + 30 * DAY);
    assert_eq!(client.leaf(address, "a.example.com").await.unwrap(), leaf(&short));
}

#[tokio::test]
async fn every_type_of_key_is_served() {
    let site = Site::new().await;
    let types = [
        ("p256.example", KeyType::EcP256),
        ("p384.example", KeyType::EcP384),
        ("p521.example", KeyType::EcP521),
        ("ed25519.example", KeyType::Ed25519),
        ("rsa3072.example", KeyType::Rsa { bits: 3072 }),
    ];
    let mut issued = Vec::new();
    for (name, key_type) in types {
        let cert = site.issue(&[name], key_type, 30);
        site.serve(&[name], &cert).await;
        issued.push((name, cert));
    }
    let address = listen(&site.edge().build()).await;
    for (name, cert) in &issued {
        for versions in [&[&TLS12], &[&TLS13]] {
            let shown = Client::with(&site.root, Verifies::All, versions).leaf(address, name).await;
            assert_eq!(shown.unwrap(), leaf(cert), "{name}");
        }
    }
}
