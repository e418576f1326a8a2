//! What happens at the same time: exactly one wins, and the loser learns who stands in the way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backends;
mod site;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use backends::{Fresh, on_every_backend};
use cert_core::{ErrorCode, Explain as _, Language, testing::Issued};
use cert_service::{Caller, LocalKeyRing, ServiceError, Uploaded, with_causes};
use cert_store::{BindOptions, PageSize, StoreError, TargetKind};
use site::{DAY, NOW, Site, alice, bob, cdn, upload};

on_every_backend![
    the_quota_is_exact_under_64_uploads_while_others_expire,
    of_a_delete_and_a_bind_one_wins,
    of_a_replacement_and_a_bind_one_wins,
    of_two_owners_of_a_domain_one_wins,
    a_takeover_and_deletions_leave_no_domain_without,
    a_reader_never_finds_a_domain_without,
];

const ROUNDS: usize = 30;

async fn site(fresh: &Fresh, live: u64) -> Site {
    Site::on(Arc::clone(&fresh.store), Arc::new(LocalKeyRing::ephemeral().unwrap()), live).await
}

/// Uploads all at once. Gives how many were accepted; the others must have been refused for the quota.
async fn upload_all(site: &Site, issued: &[Issued]) -> u64 {
    let mut uploads = Vec::new();
    for issued in issued {
        let (certs, upload) = (site.certs.clone(), upload(issued));
        uploads.push(tokio::spawn(async move { certs.upload(&alice(), upload).await }));
    }
    let mut accepted = 0;
    for upload in uploads {
        match upload.await.unwrap() {
            Ok(uploaded) => accepted += u64::from(!uploaded.is_existing()),
            Err(error) => assert_eq!(error.code(), Some(ErrorCode::QuotaExceeded), "{error}"),
        }
    }
    accepted
}

async fn the_quota_is_exact_under_64_uploads_while_others_expire<F: Future<Output = Fresh>>(
    fresh: impl Fn() -> F,
) {
    let fresh = fresh().await;
    let site = site(&fresh, 20).await;
    // Eight that end one after the other while the uploads run.
    for n in 0..8 {
        site.store(&alice(), &site.issue_until(&[&format!("old{n}.example")], 10 + n)).await;
    }
    let issue =
        |wave: &str| -> Vec<_> { (0..64).map(|n| site.issue(&format!("{wave}{n}.example"))).collect() };
    let (first, second) = (issue("first"), issue("second"));
    let passing = {
        let clock = site.clock.clone();
        tokio::spawn(async move {
            for day in 10..=18 {
                clock.set(NOW + day * DAY);
                tokio::task::yield_now().await;
            }
        })
    };
    let accepted = upload_all(&site, &first).await;
    passing.await.unwrap();
    assert!((12..=20).contains(&accepted), "{accepted}");
    assert_eq!(site.certs.usage(&alice()).await.unwrap().live, accepted);

    let more = upload_all(&site, &second).await;
    assert_eq!(accepted + more, 20, "to the last place and not beyond");
    let usage = site.certs.usage(&alice()).await.unwrap();
    assert_eq!((usage.live, usage.total), (20, 28));
    let listed = site.certs.page(&alice(), None, PageSize::MAX).await.unwrap();
    assert_eq!(listed.certs().len(), 28);
}

async fn of_a_delete_and_a_bind_one_wins<F: Future<Output = Fresh>>(fresh: impl Fn() -> F) {
    let fresh = fresh().await;
    let site = site(&fresh, 100).await;
    for round in 0..ROUNDS {
        let domain = format!("n{round}.example");
        let id = site.store(&alice(), &site.issue(&domain)).await;
        let (deletes, binds) = (site.certs.clone(), site.certs.clone());
        let target = cdn(&domain);
        let delete = tokio::spawn(async move { deletes.delete(&alice(), id).await });
        let bind =
            tokio::spawn(async move { binds.bind(&alice(), id, &target, BindOptions::default()).await });
        match (delete.await.unwrap(), bind.await.unwrap()) {
            (Ok(()), Err(error)) => assert_eq!(error.code(), Some(ErrorCode::NotFound)),
            (Err(ServiceError::StillBound { domains, source }), Ok(_)) => {
                assert_eq!(domains, [domain.parse().unwrap()]);
                assert!(matches!(source, StoreError::StillBound { cdn: 1, storage: 0, .. }));
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn of_a_replacement_and_a_bind_one_wins<F: Future<Output = Fresh>>(fresh: impl Fn() -> F) {
    let fresh = fresh().await;
    let site = site(&fresh, 100).await;
    for round in 0..ROUNDS {
        let (kept, lost) = (format!("k{round}.example"), format!("l{round}.example"));
        let id = site.store(&alice(), &site.issue_until(&[&kept, &lost], 20)).await;
        let without = upload(&site.issue_until(&[&kept], 30));
        let (replaces, binds, target) = (site.certs.clone(), site.certs.clone(), cdn(&lost));
        let replace = tokio::spawn(async move { replaces.replace(&alice(), id, without, None).await });
        let bind =
            tokio::spawn(async move { binds.bind(&alice(), id, &target, BindOptions::default()).await });
        match (replace.await.unwrap(), bind.await.unwrap()) {
            (Ok(_), Err(error)) => assert_eq!(error.rule(), "not_covered"),
            (Err(ServiceError::Store(StoreError::WouldUncover { domains, .. })), Ok(_)) => {
                assert_eq!(domains, [lost.parse().unwrap()]);
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn of_two_owners_of_a_domain_one_wins<F: Future<Output = Fresh>>(fresh: impl Fn() -> F) {
    let fresh = fresh().await;
    let site = site(&fresh, 100).await;
    for round in 0..ROUNDS {
        let domain = format!("n{round}.example");
        let mut binds = Vec::new();
        let mut ids = Vec::new();
        for caller in [alice(), bob()] {
            let id = site.store(&caller, &site.issue(&domain)).await;
            ids.push(id);
            let (certs, target) = (site.certs.clone(), cdn(&domain));
            binds.push(tokio::spawn(async move {
                certs.bind(&caller, id, &target, BindOptions::default()).await
            }));
        }
        let (first, second) = (binds.remove(0).await.unwrap(), binds.remove(0).await.unwrap());
        let (winner, error) = match (first, second) {
            (Ok(None), Err(error)) => (0, error),
            (Err(error), Ok(None)) => (1, error),
            other => panic!("{other:?}"),
        };
        assert_eq!((error.rule(), error.code()), ("bound_elsewhere", Some(ErrorCode::NotPermitted)));
        let told = format!("{} {error:?} {}", with_causes(&error), error.message(Language::En));
        assert!(told.contains(&domain), "{told}");
        let of_the_winner = [["alice", "bob"][winner].to_owned(), ids[winner].to_string()];
        assert!(of_the_winner.iter().all(|secret| !told.contains(secret)), "{told}");
        let bound = fresh.store.bound(&cdn(&domain)).await.unwrap().unwrap();
        assert_eq!(bound.id, ids[winner]);
    }
}

async fn a_takeover_and_deletions_leave_no_domain_without<F: Future<Output = Fresh>>(fresh: impl Fn() -> F) {
    let fresh = fresh().await;
    let site = site(&fresh, 200).await;
    for round in 0..ROUNDS {
        let domain = format!("n{round}.example");
        let old = site.store(&alice(), &site.issue_until(&[&domain], 20)).await;
        site.certs.bind(&alice(), old, &cdn(&domain), BindOptions::default()).await.unwrap();
        let issued = site.issue_until(&[&domain], 30);
        // The new one is stored already, so that it can be deleted while its takeover runs.
        let new = site.store(&alice(), &issued).await;
        let delete = |id| {
            let certs = site.certs.clone();
            tokio::spawn(async move { certs.delete(&alice(), id).await })
        };
        let (delete_old, delete_new) = (delete(old), delete(new));
        let uploaded = site.certs.upload(&alice(), upload(&issued).takeover()).await;
        let (old_gone, new_gone) = (delete_old.await.unwrap(), delete_new.await.unwrap());

        let bound = fresh.store.bound(&cdn(&domain)).await.unwrap().expect("it has a certificate").id;
        match &uploaded {
            Ok(uploaded) => assert_eq!((bound, taken(uploaded)), (uploaded.id(), vec![old])),
            Err(error) => assert_eq!((bound, error.code()), (old, Some(ErrorCode::NotFound))),
        }
        for (id, gone) in [(old, old_gone), (new, new_gone)] {
            match gone {
                Ok(()) => assert_ne!(bound, id),
                Err(error) => assert_eq!(error.code(), Some(ErrorCode::BoundToCdn)),
            }
        }
    }
}

fn taken(uploaded: &Uploaded) -> Vec<cert_store::CertId> {
    uploaded.taken_over().iter().map(|taken| taken.from).collect()
}

async fn a_reader_never_finds_a_domain_without<F: Future<Output = Fresh>>(fresh: impl Fn() -> F) {
    let fresh = fresh().await;
    let site = site(&fresh, 200).await;
    // One service without a view, which asks the store each time, and one with.
    let following = Site::on(Arc::clone(&fresh.store), Arc::clone(&site.ring), 1).await;
    let domains = ["a.example", "b.example"];
    let first = site.store(&alice(), &site.issue_until(&domains, 10)).await;
    for domain in domains {
        site.certs.bind(&alice(), first, &cdn(domain), BindOptions::default()).await.unwrap();
    }
    following.certs.refresh_names().await.unwrap();
    let follower = tokio::spawn(following.certs.follow_names(|_| tokio::task::yield_now()));
    let is_over = Arc::new(AtomicBool::new(false));
    let readers = [&site, &following].map(|site| {
        let (certs, is_over) = (site.certs.clone(), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut reads = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                for domain in domains {
                    let name = domain.parse().unwrap();
                    let found = certs.resolve(&Caller::edge(), TargetKind::Cdn, &name).await.unwrap();
                    assert!(found.is_some(), "{domain} has no certificate");
                    reads += 1;
                }
                tokio::task::yield_now().await;
            }
            reads
        })
    });
    let mut last = first;
    for days in 11..11 + ROUNDS as i64 {
        let renewed = upload(&site.issue_until(&domains, days)).takeover();
        let uploaded = site.certs.upload(&alice(), renewed).await.unwrap();
        assert_eq!(uploaded.taken_over().len(), domains.len());
        site.certs.delete(&alice(), last).await.unwrap();
        last = uploaded.id();
    }
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    follower.abort();
    following.certs.refresh_names().await.unwrap();
    let served = following.certs.names().resolve(TargetKind::Cdn, domains[0], NOW).unwrap();
    assert_eq!(served.primary().unwrap().id, last);
}
