//! A private Postgres for tests and benches: from the installed programs, in a temporary folder, on a socket there.
//!
//! It ends with the process that started it, however that ends, and its folder goes with it. A server that
//! `CERTKEEP_TEST_POSTGRES` names (a URL) is used instead where one will do.
//!
//! ```no_run
//! if let Some(url) = test_postgres::shared_url() {
//!     println!("tests may use {url}");
//! }
//! ```
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails by a panic")]

mod program;
mod server;
mod small_disk;

use std::{env, sync::OnceLock};

pub use server::Server;
pub use small_disk::{OnSmallDisk, small_disks_are_possible, with_small_disk};

/// The URL of a server that all tests of this process share: each takes a schema of its own. `None` where there is
/// no server and none is required, after saying that on standard error.
///
/// Its data does not survive a crash of the machine, which makes it fast.
pub fn shared_url() -> Option<String> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    if let Ok(url) = env::var("CERTKEEP_TEST_POSTGRES") {
        return Some(url);
    }
    let settings = ["fsync=off", "max_connections=400"];
    SHARED.get_or_init(|| is_available().then(|| Server::start(&settings))).as_ref().map(Server::url)
}

/// Whether private servers can be started. Where `CERTKEEP_REQUIRE_POSTGRES` is set, it is a failure if not.
pub fn is_available() -> bool {
    let is_installed = program::folder().is_some();
    if !is_installed {
        let is_required = env::var_os("CERTKEEP_REQUIRE_POSTGRES").is_some();
        assert!(
            !is_required,
            "no Postgres is installed (package postgresql), and CERTKEEP_REQUIRE_POSTGRES is set"
        );
        eprintln!(
            "skipped: no Postgres is installed (package postgresql), and CERTKEEP_TEST_POSTGRES is not set"
        );
    }
    is_installed
}

/// A name of a schema that no other test uses.
pub fn schema() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
