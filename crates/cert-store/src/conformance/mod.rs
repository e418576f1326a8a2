//! The tests that hold a backend to the contract of [`CertStore`]: one named test for each promise.
//!
//! A backend of yours needs a [`Fixture`] and one line:
//!
//! ```
//! use std::sync::Arc;
//! use cert_store::{CertStore, MemoryStore, conformance::Fixture};
//!
//! struct Memory(Arc<MemoryStore>);
//!
//! #[async_trait::async_trait]
//! impl Fixture for Memory {
//!     async fn open(&self) -> Arc<dyn CertStore> {
//!         self.0.clone()
//!     }
//! }
//!
//! cert_store::conformance_tests!(|| Memory(Arc::new(MemoryStore::new())));
//! ```
#![expect(missing_docs, reason = "each case is named for the promise that it tests")]
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by a panic")]

pub mod bind;
pub mod claim;
pub mod delete;
pub mod expiring;
pub mod export;
pub mod feed;
pub mod find;
pub mod insert;
pub mod model;
pub mod page;
pub mod quota;
pub mod race;
pub mod replace;
mod sample;
pub mod sealing;
pub mod takeover;

use std::{future::Future, sync::Arc};

use async_trait::async_trait;

pub use self::sample::{Sample, now, owner};
use crate::CertStore;

/// A place for one test: empty at first.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// Opens the place. A durable one is opened again after everything that was opened before has been dropped.
    async fn open(&self) -> Arc<dyn CertStore>;

    /// Whether what was written is there after the place is opened again.
    fn is_durable(&self) -> bool {
        false
    }
}

/// Runs one case on a runtime of its own with several threads.
pub fn run<F: Fixture, Case: Future<Output = ()>>(fixture: F, case: impl FnOnce(F) -> Case) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(case(fixture));
}

/// Makes a `#[test]` of every case, each with a fixture of its own from the expression, a closure without arguments.
#[macro_export]
macro_rules! conformance_tests {
    ($fixture:expr) => {
        $crate::conformance_tests! { @cases $fixture;
            bind: a_binding_shows_its_certificate, a_domain_of_another_owner_is_refused, both_slots_have_one_owner,
                bound_domains_hold_a_certificate, each_precondition_is_checked, lists_go_on_behind_a_target,
                moving_names_both_owners, moving_takes_both_slots, re_pointing_returns_the_previous_one,
                reopening_keeps_bindings, slots_and_kinds_are_apart, unbinding_twice_is_nothing;
            claim: compare_and_set, the_first_of_many_wins;
            delete: a_deleted_certificate_is_gone_everywhere, another_owner_s_is_not_found, what_is_not_there_is_not_found;
            expiring: soonest_first_of_all_owners, totals_follow;
            export: a_domain_of_another_owner_is_a_conflict, every_entry_once_in_order, importing_puts_back_exactly,
                something_else_in_its_place_is_a_conflict, there_and_back_again;
            feed: a_marker_below_the_floor_is_too_old, concurrent_readers_miss_nothing, each_step_has_its_events,
                reopening_keeps_the_feed;
            find: by_each_key, only_the_owner_s, pages_of_what_is_found;
            insert: a_repeated_upload_gets_its_id, a_taken_id_is_refused, another_owner_s_same_upload_is_another,
                everything_comes_back, the_key_is_apart, reopening_keeps_everything;
            model: random_steps_agree_with_a_plain_model;
            page: ids_in_order_from_any_marker, only_the_owner_s_certificates, under_concurrent_writes_each_once;
            quota: a_deleted_certificate_frees_its_place, a_refusal_consumes_nothing, an_expired_one_counts_in_total_only,
                expiry_frees_places, time_does_not_go_back, usage_follows;
            race: a_dropped_call_is_all_or_nothing, bind_and_delete_never_both_win, bound_domains_are_always_covered,
                exactly_the_places_are_given, one_domain_has_one_owner, one_upload_many_times_is_stored_once,
                takeover_and_re_pointing_do_not_cross, two_slots_have_one_owner;
            replace: a_bound_domain_keeps_its_cover, a_replaced_version_is_found_by_what_it_is, a_stale_generation_is_refused,
                a_version_more_and_one_kept, coming_back_to_life_needs_a_place, labels_are_replaced_where_some_come,
                reopening_keeps_versions, rolling_back_and_forth, the_same_content_again_is_nothing;
            sealing: every_kept_generation_is_listed, nothing_is_sealed_under_a_retired_one,
                retire_and_insert_never_both_win, rewrapping_compares_and_sets;
            takeover: a_repeated_one_is_nothing, each_precondition_is_checked, from_one_to_the_next;
        }
    };
    (@cases $fixture:expr; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $case() {
                    $crate::conformance::run(($fixture)(), $crate::conformance::$module::$case);
                }
            )+
        })+
    };
}
