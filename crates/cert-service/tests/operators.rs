//! What operators do, and what the platform decides: moves between owners, what ends soon, export and import, the
//! audit trail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cert_core::{ErrorCode, Explain as _};
use cert_service::{
    Action, Caller, CertService, DomainAuthority, Event, EventSink, LocalKeyRing, ServiceError, Subject,
};
use cert_store::{BindOptions, CertStore, Entry, MemoryStore, OwnerId, PageSize, Target};
use site::{DAY, NOW, Site, alice, bob, cdn, code, plan, upload};

const OPTIONS: BindOptions = BindOptions { force_https: true, http2: true };

/// Bob has proved that the domain is his, and nobody else has.
struct BobProved;

#[async_trait]
impl DomainAuthority for BobProved {
    async fn may_move(&self, target: &Target, from: &OwnerId, to: &OwnerId) -> bool {
        target.domain.as_str() == "a.example" && from.as_str() == "alice" && to.as_str() == "bob"
    }
}

async fn with_authority(site: &Site) -> CertService {
    CertService::builder_shared(Arc::clone(&site.store), Arc::clone(&site.ring))
        .policies(plan(&site.root, 10))
        .clock(site.clock.clone())
        .events(site.events.clone())
        .authority(BobProved)
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_domain_moves_only_where_the_platform_says_so() {
    let site = Site::new(10).await;
    let of_alice = site.store(&alice(), &site.issue_until(&["a.example", "b.example"], 30)).await;
    let of_bob = site.store(&bob(), &site.issue_until(&["a.example", "b.example"], 40)).await;
    for target in [cdn("a.example"), cdn("a.example").alternate(), cdn("b.example")] {
        site.certs.bind(&alice(), of_alice, &target, OPTIONS).await.unwrap();
    }
    let refused = site.certs.bind(&bob(), of_bob, &cdn("a.example"), OPTIONS).await.unwrap_err();
    assert_eq!((refused.rule(), refused.code()), ("bound_elsewhere", Some(ErrorCode::NotPermitted)));

    let certs = with_authority(&site).await;
    site.events.taken();
    assert_eq!(certs.bind(&bob(), of_bob, &cdn("a.example"), OPTIONS).await.unwrap(), None, "whose it was");
    assert_eq!(site.events.taken(), [(Action::Moved, Some(of_bob))]);
    let bound = certs.bindings(&bob(), of_bob).await.unwrap();
    assert_eq!((bound.len(), bound[0].options), (1, OPTIONS));
    assert_eq!(certs.binding(&bob(), &cdn("a.example").alternate()).await.unwrap(), None, "both slots moved");
    let refused = certs.bind(&bob(), of_bob, &cdn("b.example"), OPTIONS).await.unwrap_err();
    assert_eq!(refused.rule(), "bound_elsewhere");
    let back = certs.bind(&alice(), of_alice, &cdn("a.example"), OPTIONS).await.unwrap_err();
    assert_eq!(back.rule(), "bound_elsewhere");
    let other_slot =
        certs.bind(&alice(), of_alice, &cdn("a.example").alternate(), OPTIONS).await.unwrap_err();
    assert_eq!(other_slot.rule(), "bound_elsewhere", "one owner has both slots");
    let hidden = certs.binding(&alice(), &cdn("a.example")).await;
    assert_eq!(code(hidden), Some(ErrorCode::NotPermitted));
}

#[tokio::test]
async fn an_operator_moves_a_domain_and_names_whose_it_is() {
    let site = Site::new(10).await;
    let of_alice = site.store(&alice(), &site.issue_until(&["a.example"], 30)).await;
    let of_bob = site.store(&bob(), &site.issue_until(&["a.example", "c.example"], 40)).await;
    site.certs.bind(&alice(), of_alice, &cdn("a.example"), OPTIONS).await.unwrap();
    let (operator, owner) = (Caller::operator(), |name| OwnerId::new(name).unwrap());
    let refused = site.certs.move_binding(&bob(), &cdn("a.example"), &owner("alice"), of_bob).await;
    assert!(matches!(refused, Err(ServiceError::NotAllowed)));
    let stale = site.certs.move_binding(&operator, &cdn("a.example"), &owner("bob"), of_bob).await;
    assert_eq!(stale.unwrap_err().rule(), "stale", "alice has it, not bob");
    let moved = site.certs.move_binding(&operator, &cdn("a.example"), &owner("alice"), of_bob).await;
    assert_eq!(moved.unwrap(), of_alice);
    assert_eq!(site.certs.bindings(&bob(), of_bob).await.unwrap()[0].options, BindOptions::default());
    site.certs.delete(&alice(), of_alice).await.unwrap();
}

#[tokio::test]
async fn what_ends_soon_is_listed_until_something_else_serves_for_it() {
    let site = Site::new(10).await;
    let old = site.store(&alice(), &site.issue_until(&["a.example"], 20)).await;
    let later = site.store(&bob(), &site.issue_until(&["b.example"], 25)).await;
    site.certs.bind(&alice(), old, &cdn("a.example"), OPTIONS).await.unwrap();
    let listed = async |caller: Caller, days: i64| {
        let page = site.certs.expiring(&caller, NOW + days * DAY, None, PageSize::MAX).await.unwrap();
        page.certs().iter().map(|due| (due.cert.id, due.is_bound)).collect::<Vec<_>>()
    };
    assert_eq!(listed(Caller::operator(), 30).await, [(old, true), (later, false)]);
    assert_eq!(listed(Caller::operator(), 22).await, [(old, true)]);
    let for_bob = Caller::operator().acting_for("bob").unwrap();
    assert_eq!(listed(for_bob, 30).await, [(later, false)]);
    let (operator, before) = (Caller::operator(), NOW + 30 * DAY);
    let page = site.certs.expiring(&operator, before, None, PageSize::MIN).await.unwrap();
    let next = site.certs.expiring(&operator, before, page.marker(), PageSize::MIN).await.unwrap();
    assert_eq!(next.certs()[0].cert.id, later);

    site.certs.upload(&alice(), upload(&site.issue_until(&["a.example"], 60)).takeover()).await.unwrap();
    assert_eq!(listed(Caller::operator(), 30).await, [(later, false)], "it was superseded");
    let tenant = site.certs.expiring(&alice(), NOW, None, PageSize::MAX).await;
    assert!(matches!(tenant, Err(ServiceError::NotAllowed)));
    let garbled = site.certs.expiring(&Caller::operator(), NOW, Some("x"), PageSize::MAX).await;
    assert!(matches!(garbled, Err(ServiceError::Marker(_))));
}

#[tokio::test]
async fn a_store_is_carried_to_another_through_services() {
    let site = Site::new(10).await;
    let issued = site.issue("a.example");
    let id = site.store(&alice(), &issued).await;
    site.certs.bind(&alice(), id, &cdn("a.example"), OPTIONS).await.unwrap();
    let operator = Caller::operator();
    let entries = site.certs.export(&operator, None, PageSize::MAX).await.unwrap();
    assert!(matches!(site.certs.export(&alice(), None, PageSize::MAX).await, Err(ServiceError::NotAllowed)));

    let to = Site::on(Arc::new(MemoryStore::new()), Arc::clone(&site.ring), 10).await;
    let strangers = Site::new(10).await;
    for entry in entries {
        let is_cert = matches!(entry, Entry::Cert(_));
        if !is_cert {
            let refused = strangers.certs.import(&operator, entry.clone()).await;
            assert!(
                matches!(refused, Err(ServiceError::WrongRing { .. })),
                "its ring opens none of these keys"
            );
        }
        assert_eq!(to.certs.import(&operator, entry.clone()).await.unwrap(), is_cert);
        assert!(!to.certs.import(&operator, entry).await.unwrap(), "the same again is nothing");
    }
    assert_eq!(to.certs.private_key(&alice(), id).await.unwrap().secret_der(), issued.key_der());
    assert_eq!(to.certs.bindings(&alice(), id).await.unwrap()[0].options, OPTIONS);
    assert_eq!(to.events.taken()[0], (Action::Imported, Some(id)));
}

/// The trail as text.
#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<String>>>);

impl EventSink for Trail {
    fn record(&self, event: &Event<'_>) {
        let who = event.caller.principal().unwrap_or("nobody").to_owned();
        let domain = match event.subject {
            Subject::Cert { target: Some(target), .. } => format!(" {}", target.domain),
            _ => String::new(),
        };
        let owner = event.owner().map(ToString::to_string).unwrap_or_default();
        self.0.lock().unwrap().push(format!("{who} {} {owner}{domain}", event.action));
    }
}

#[tokio::test]
async fn the_trail_says_who_did_what_to_whose_certificate() {
    let site = Site::new(10).await;
    let trail = Trail::default();
    let certs = CertService::builder(MemoryStore::new(), LocalKeyRing::ephemeral().unwrap())
        .policies(plan(&site.root, 10))
        .clock(site.clock.clone())
        .events((trail.clone(), site.events.clone()))
        .build()
        .await
        .unwrap();
    let alice = alice().known_as("key-7");
    let support = Caller::operator().acting_for("alice").unwrap().known_as("eve");
    let (first, second) = (site.issue_until(&["a.example"], 30), site.issue_until(&["a.example"], 40));
    let id = certs.upload(&alice, upload(&first)).await.unwrap().id();
    certs.upload(&alice, upload(&first)).await.unwrap();
    certs.bind(&alice, id, &cdn("a.example"), OPTIONS).await.unwrap();
    certs.private_key(&support, id).await.unwrap();
    certs.replace(&alice, id, upload(&second), None).await.unwrap();
    certs.rollback(&support, id, None).await.unwrap();
    certs.private_key(&bob(), id).await.unwrap_err();
    let newer = upload(&site.issue_until(&["a.example"], 50)).takeover();
    certs.upload(&alice, newer).await.unwrap();
    certs.unbind(&alice, &cdn("a.example")).await.unwrap();
    certs.unbind(&alice, &cdn("a.example")).await.unwrap();
    certs.delete(&alice, id).await.unwrap();
    certs.export(&Caller::operator().known_as("eve"), None, PageSize::MAX).await.unwrap();
    let trail = trail.0.lock().unwrap().clone();
    assert_eq!(
        trail,
        [
            "key-7 uploaded alice",
            "key-7 uploaded_again alice",
            "key-7 bound alice a.example",
            "eve key_read alice",
            "key-7 replaced alice",
            "eve rolled_back alice",
            "key-7 uploaded alice",
            "key-7 took_over alice a.example",
            "key-7 unbound alice a.example",
            "key-7 deleted alice",
            "eve exported ",
        ]
    );
    assert_eq!(site.events.taken().len(), trail.len(), "both sinks took note");
}

#[tokio::test]
async fn an_owner_s_plan_decides_about_trust_quota_and_takeover() {
    let site = Site::new(10).await;
    let root = Arc::new(cert_core::testing::TestCa::root("Bob's own", NOW));
    let plans = {
        let (everybody, of_bob) = (plan(&site.root, 10), plan(&root, 2).with_takeover(true));
        PerOwner(everybody, of_bob)
    };
    let store: Arc<dyn CertStore> = Arc::new(MemoryStore::new());
    let certs = CertService::builder_shared(store, Arc::clone(&site.ring))
        .policies(plans)
        .clock(site.clock.clone())
        .build()
        .await
        .unwrap();
    let leaf =
        |days: i64| cert_core::testing::TestLeaf::new(&["a.example"]).valid(NOW - DAY, NOW + days * DAY);
    let (private, newer, third) = (root.issue(&leaf(30)), root.issue(&leaf(40)), root.issue(&leaf(50)));
    let claimed = certs.upload(&alice(), upload(&private)).await;
    assert_eq!(code(claimed), Some(ErrorCode::ChainInvalid), "a private authority is for its class alone");
    let id = certs.upload(&bob(), upload(&private)).await.unwrap().id();
    certs.bind(&bob(), id, &cdn("a.example"), OPTIONS).await.unwrap();
    let renewed = certs.upload(&bob(), upload(&newer)).await.unwrap();
    assert_eq!(renewed.taken_over()[0].from, id, "the class takes over");
    assert_eq!(code(certs.upload(&bob(), upload(&third)).await), Some(ErrorCode::QuotaExceeded));
    certs.delete(&bob(), id).await.unwrap();
    let left = certs.upload(&bob(), upload(&third).no_takeover()).await.unwrap();
    assert!(left.taken_over().is_empty(), "an upload can decline it");
}

struct PerOwner(cert_service::Plan, cert_service::Plan);

impl cert_service::Policies for PerOwner {
    fn plan(&self, owner: &OwnerId) -> cert_service::Plan {
        if owner.as_str() == "bob" { self.1.clone() } else { self.0.clone() }
    }
}
