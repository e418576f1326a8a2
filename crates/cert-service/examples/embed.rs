//! A platform that embeds Certkeep: store a tenant's certificate, or show why not.
//!
//! `cargo run -p cert-service --example embed --features testing`

use std::sync::Arc;

use cert_core::testing::{TestCa, TestLeaf};
use cert_core::{ErrorCode, Language, ValidationPolicy};
use cert_service::{Caller, CertService, Event, EventSink, LocalKeyRing, Plan, SystemClock, Upload, now};
use cert_store::MemoryStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // An authority of the platform's own, trusted for the owners whose plan names it.
    let root = TestCa::root("Platform Root", now(&SystemClock));
    let plans = Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust()))));
    let issued = root.intermediate("Platform CA").issue(&TestLeaf::new(&["www.example.com"]));

    // In production: LocalKeyRing::from_file("keyring.toml")?, and a store that lasts.
    let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral()?)
        .policies(plans)
        .events(Audit)
        .build()
        .await?;

    let alice = Caller::tenant("alice")?; // your own authentication said so
    upload(&certs, &alice, issued.chain_pem(), issued.key_pem()).await;
    upload(&certs, &alice, issued.leaf_pem(), issued.key_pem()).await;
    println!("alice has {} certificate", certs.usage(&alice).await?.total);
    Ok(())
}

async fn upload(certs: &CertService, caller: &Caller, chain: String, key: String) {
    match certs.upload(caller, Upload::pem(chain, key).name("www")).await {
        Ok(up) => println!("stored as {}, {} warnings", up.id(), up.warnings().len()),
        Err(e) if e.code() == Some(ErrorCode::QuotaExceeded) => println!("time to sell more"),
        Err(e) => {
            for f in e.findings() {
                println!("{}: {}", f.rule().as_str(), f.message(Language::En));
            }
        }
    }
}

struct Audit;

impl EventSink for Audit {
    fn record(&self, event: &Event<'_>) {
        println!("audit: {} {:?} {}", event.owner.as_str(), event.action, event.id);
    }
}
