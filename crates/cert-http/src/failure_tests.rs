//! Which status and which number a refusal has: each line is a promise to clients.

use cert_core::{DnsName, Explain as _, Language, Timestamp};
use cert_service::{ActError, Caller, SealError, ServiceError, WrapError};
use cert_store::{CertId, Generation, KekId, MarkerError, OwnerId, StoreError, Target};

use super::Failure;

fn lost() -> Box<dyn std::error::Error + Send + Sync> {
    "the wire was cut".into()
}

fn of_store(error: StoreError) -> Failure {
    Failure::Service(error.into())
}

#[test]
fn statuses_numbers_and_rules() {
    let (id, owner) = (CertId([7; 12]), OwnerId::new("alice").unwrap());
    let (backend, operation) = ("sled", "insert");
    let kek = KekId::new("k-1").unwrap();
    let domain: DnsName = "www.example.com".parse().unwrap();
    let target = Target::cdn(domain.clone());
    let refused = [
        (of_store(StoreError::NotFound { id }), 400, 400_401, "not_found"),
        (of_store(StoreError::QuotaExceeded { owner, limit: 3 }), 400, 400_500, "quota_exceeded"),
        (of_store(StoreError::BoundElsewhere { target: target.clone() }), 404, 404_908, "bound_elsewhere"),
        (of_store(StoreError::Expired { id, not_after: Timestamp::from_unix(0) }), 400, 400_329, "expired"),
        (of_store(StoreError::NotCovered { id, domain: domain.clone() }), 400, 400, "not_covered"),
        (of_store(StoreError::WouldUncover { id, domains: vec![domain] }), 400, 400, "would_uncover"),
        (
            of_store(StoreError::Stale { id, generation: Some(Generation::FIRST) }),
            409,
            409,
            "stale_generation",
        ),
        (of_store(StoreError::NoPrevious { id }), 409, 409, "no_previous"),
        (of_store(StoreError::InUse { kek: kek.clone() }), 409, 409, "kek_in_use"),
        (Failure::Service(ServiceError::ActiveKek { kek: kek.clone() }), 409, 409, "kek_active"),
        (Failure::Service(ServiceError::NotAllowed), 403, 403, "not_allowed"),
        (of_store(StoreError::Unavailable { backend, operation, source: lost() }), 503, 503, "unavailable"),
        (of_store(StoreError::Unknown { backend, operation, source: lost() }), 503, 503, "outcome_unknown"),
        (of_store(StoreError::Corrupt { backend, operation, source: lost() }), 500, 500, "store_corrupt"),
        (Failure::Service(ServiceError::NotOwner { id }), 404, 404_908, "not_owner"),
        (Failure::Service(MarkerError::OtherOwner.into()), 404, 404_908, "not_owner"),
        (Failure::Service(MarkerError::Garbled.into()), 400, 400, "invalid_marker"),
        (Failure::Service(ServiceError::OwnerRequired), 400, 400, "owner_required"),
        (Failure::Service(ServiceError::Interrupted), 503, 503, "interrupted"),
        (Failure::Service(SealError::Mismatch.into()), 500, 500, "key_not_opened"),
        (Failure::Service(SealError::Wrap(WrapError::Unknown { kek }).into()), 500, 500, "key_not_opened"),
        (
            Failure::Service(SealError::Wrap(WrapError::Unavailable { source: lost() }).into()),
            503,
            503,
            "unavailable",
        ),
        (Failure::FieldsConflict { field: "one", instead_of: ["two", "three"] }, 400, 400, "fields_conflict"),
        (Failure::BadToken, 401, 401, "bad_token"),
        (Failure::Forbidden, 403, 403, "forbidden"),
        (Failure::TooLarge { max: 1 }, 413, 413, "body_too_large"),
        (Failure::BodyTooSlow, 408, 408, "body_too_slow"),
        (Failure::NoSuchCertificate, 400, 400_401, "not_found"),
        (Failure::Internal, 500, 500, "internal"),
    ];
    for (failure, status, code, rule) in refused {
        assert_eq!((failure.status().as_u16(), failure.code(), failure.rule()), (status, code, rule));
        for language in Language::ALL {
            let message = failure.message(*language);
            assert!(
                !message.is_empty() && !message.contains("wire"),
                "what is behind a failure stays inside"
            );
        }
    }
}

#[test]
fn acting_for_others_is_forbidden_to_tenants_and_malformed_for_no_owner() {
    let tenant = Caller::tenant("alice").unwrap().acting_for("bob");
    assert!(matches!(tenant.map_err(Failure::from), Err(Failure::Forbidden)));
    let nobody: ActError = Caller::operator().acting_for("").unwrap_err();
    assert_eq!(Failure::from(nobody).status().as_u16(), 400);
}
