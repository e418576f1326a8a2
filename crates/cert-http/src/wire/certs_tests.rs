//! What is written by hand is what serializing gives.

use std::sync::Arc;

use cert_core::{
    Timestamp, ValidationPolicy,
    testing::{TestCa, TestLeaf},
};
use cert_service::{Caller, CertService, FixedClock, LocalKeyRing, Plan, Upload, chain_pem};
use cert_store::MemoryStore;

use super::{Detail, Full, Item};
use crate::wire::Success;

#[tokio::test]
async fn a_certificate_is_written_as_it_would_be_serialized() {
    let now = Timestamp::from_unix(1_770_984_000);
    let root = TestCa::root("Root", now);
    let plan = Plan::new(Arc::new(ValidationPolicy::new(Arc::new(root.trust()))));
    let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral().unwrap())
        .clock(FixedClock::new(now))
        .policies(plan)
        .build()
        .await
        .unwrap();
    let alice = Caller::tenant("alice").unwrap();
    let issued = root.intermediate("CA").issue(&TestLeaf::new(&["www.example.com", "*.example.com"]));
    let upload = Upload::pem(issued.chain_pem(), issued.key_pem()).name("\"w\\w\u{e9}").label("t", "a\"b");
    let id = certs.upload(&alice, upload).await.unwrap().id();
    let (record, key) = certs.get_with_key(&alice, id).await.unwrap();

    for key in [Some(&key), None] {
        let pri = key.map(|key| key.secret_pem()).unwrap_or_default();
        let full = || Full { item: Item::from(&*record.summary), pri: &pri, ca: chain_pem(&record.chain) };
        let serialized = serde_json::to_string(&Success::new(Detail { flat: full(), cert: full() })).unwrap();
        let written = Detail::json(&record, key).unwrap();
        assert_eq!(std::str::from_utf8(&written), Ok(serialized.as_str()));
        assert!(written.capacity() - written.len() <= super::FRAME, "it did not grow");
    }
}
