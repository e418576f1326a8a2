//! What `GET /metrics` shows: the recorder that everything counts into, and the gauges that have to be looked up.

use std::{sync::Arc, time::Duration};

use cert_core::Timestamp;
use cert_service::{Caller, CertService, SystemClock, now};
use cert_store::{CertStore, PageSize};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{config::plans::SIGNATURES, failure::Failure};

/// Installs the process's recorder. Only a program may: libraries count into whatever is there.
pub(crate) fn start() -> Result<PrometheusHandle, Failure> {
    let failed =
        |error: metrics_exporter_prometheus::BuildError| Failure::new(format!("cannot count: {error}"));
    let handle =
        PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(failed)?.install_recorder().map_err(failed)?;
    describe();
    Ok(handle)
}

/// Seconds: from a read in memory to a call that is given up.
const BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};

    describe_counter!("certkeep_http_requests_total", "Requests, by call and by the code of the answer");
    describe_histogram!("certkeep_http_request_seconds", "How long calls take");
    describe_counter!(
        "certkeep_upload_verdicts_total",
        "Uploads and replacements: accepted, or the rule that refused them"
    );
    describe_histogram!("certkeep_store_seconds", "How long the store takes for a step");
    describe_counter!("certkeep_store_failures_total", "Steps that the store could not do");
    describe_gauge!("certkeep_store_up", "Whether the store answered when it was last asked for its numbers");
    describe_gauge!("certkeep_certificates", "Certificates in the store, expired ones too");
    describe_gauge!("certkeep_bindings", "Bound domains in the store");
    describe_gauge!(
        "certkeep_soonest_expiry_timestamp_seconds",
        "The first end among certificates that a domain is bound to, within 100 days; 0 where there is none"
    );
    describe_gauge!("certkeep_feed_lag_seconds", "How old the view of bound names is");
    describe_gauge!(
        "certkeep_feed_connected",
        "Whether the change feed could be read when it was last asked"
    );
    describe_gauge!("certkeep_names", "Names that the view knows a certificate for");
    describe_counter!(
        "certkeep_signature_cache_hits_total",
        "Signatures of issuers that did not have to be verified again"
    );
    describe_counter!("certkeep_signature_cache_misses_total", "Signatures of issuers that were verified");
    describe_counter!("certkeep_edge_keys_opened_total", "Private keys that were opened for handshakes");
    describe_counter!("certkeep_edge_cache_hits_total", "Handshakes whose key was open already");
    describe_counter!("certkeep_edge_cache_loads_total", "Keys that were opened for a handshake");
    describe_counter!(
        "certkeep_edge_cache_load_failures_total",
        "Keys that could not be opened for a handshake"
    );
    describe_gauge!("certkeep_edge_cache_bytes", "Memory of the keys that are open for handshakes");
    describe_gauge!("certkeep_connections", "Connections of clients");
}

/// Looks up, for as long as the future lives, what is not counted as it happens.
pub(crate) async fn follow(handle: PrometheusHandle, certs: CertService, store: Arc<dyn CertStore>) {
    let mut round: u32 = 0;
    loop {
        handle.run_upkeep();
        of_this_process(&certs);
        if round.is_multiple_of(ROUNDS_PER_LOOK) {
            let up = of_the_store(&certs, &*store).await.is_some();
            metrics::gauge!("certkeep_store_up").set(if up { 1.0 } else { 0.0 });
        }
        round = round.wrapping_add(1);
        tokio::time::sleep(PAUSE).await;
    }
}

const PAUSE: Duration = Duration::from_secs(1);
/// The store is asked less often: its numbers change slowly.
const ROUNDS_PER_LOOK: u32 = 10;
const DAY: i64 = 86_400;
/// Nobody is alarmed about what ends later, and what ends sooner is found at once.
const HORIZON: i64 = 100 * DAY;
/// Pages of certificates that are bound to nothing: behind these, none that is bound is looked for.
const MAX_PAGES: usize = 10;

#[expect(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
fn of_this_process(certs: &CertService) {
    let status = certs.names_status();
    if let Some(lag) = status.lag {
        metrics::gauge!("certkeep_feed_lag_seconds").set(lag);
    }
    metrics::gauge!("certkeep_feed_connected").set(if status.is_connected { 1.0 } else { 0.0 });
    metrics::gauge!("certkeep_names").set(status.names as f64);
    metrics::counter!("certkeep_signature_cache_hits_total").absolute(SIGNATURES.hits());
    metrics::counter!("certkeep_signature_cache_misses_total").absolute(SIGNATURES.misses());
    metrics::counter!("certkeep_edge_keys_opened_total").absolute(certs.edge_keys_opened());
}

/// `None` where the store does not answer: the numbers then stay as they were.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating-point numbers")]
async fn of_the_store(certs: &CertService, store: &dyn CertStore) -> Option<()> {
    let totals = store.totals().await.ok()?;
    metrics::gauge!("certkeep_certificates").set(totals.certificates as f64);
    metrics::gauge!("certkeep_bindings").set(totals.bindings as f64);
    let soonest = soonest_bound(certs).await?.map_or(0, Timestamp::as_unix);
    metrics::gauge!("certkeep_soonest_expiry_timestamp_seconds").set(soonest as f64);
    Some(())
}

/// The end of the certificate that ends first of those that serve a domain.
async fn soonest_bound(certs: &CertService) -> Option<Option<Timestamp>> {
    let (operator, before) = (Caller::operator(), now(&SystemClock) + HORIZON);
    let mut marker: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = certs.expiring(&operator, before, marker.as_deref(), PageSize::MAX).await.ok()?;
        if let Some(first) = page.certs().iter().find(|entry| entry.is_bound) {
            return Some(Some(first.cert.leaf.not_after));
        }
        match page.marker() {
            None => break,
            next => marker = next.map(str::to_owned),
        }
    }
    Some(None)
}
