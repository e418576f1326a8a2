//! A platform that embeds Certkeep: store a tenant's certificate, or show why not.
//!
//! `cargo run -p cert-service --example embed --features testing`

use std::{error::Error, sync::Arc};

use cert_core::testing::{TestCa, TestLeaf};
use cert_core::{ErrorCode, Language, ValidationPolicy};
use cert_service::{Caller, CertService, Event, EventSink, LocalKeyRing, Plan, SystemClock, Upload, now};
use cert_store::{BindOptions, MemoryStore, OwnerId, Target};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
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
    store(&certs, &alice, Upload::pem(issued.chain_pem(), issued.key_pem())).await?;
    store(&certs, &alice, Upload::pem(issued.leaf_pem(), issued.key_pem())).await?;
    println!("alice has {} certificate", certs.usage(&alice).await?.total);
    Ok(())
}

async fn store(certs: &CertService, caller: &Caller, upload: Upload) -> Result<(), Box<dyn Error>> {
    match certs.upload(caller, upload.name("www")).await {
        Ok(up) => {
            println!("stored as {}, {} warnings", up.id(), up.warnings().len());
            let target = Target::cdn("www.example.com".parse()?);
            certs.bind(caller, up.id(), &target, BindOptions::default()).await?;
        }
        Err(e) if e.code() == Some(ErrorCode::QuotaExceeded) => println!("time to sell more"),
        Err(e) => {
            for f in e.findings() {
                println!("{} {:?}: {}", f.rule(), f.location().field(), f.message(Language::En));
            }
        }
    }
    Ok(())
}

struct Audit;

impl EventSink for Audit {
    fn record(&self, event: &Event<'_>) {
        let (owner, id) = (event.owner().map(OwnerId::as_str), event.id().map(|id| id.to_string()));
        println!("audit: {owner:?} {} {id:?}", event.action);
    }
}
