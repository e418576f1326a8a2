//! `certkeep restored`: the one step that a restored store needs.

use clap::Args;

use crate::{failure::Failure, output, store::StoreUrl};

/// Edges and other nodes follow the store's changes by their position. After a restore the same positions are given to
/// other changes: without this step, whoever followed before would miss them. Run it before a server uses the store.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep restored sled:/var/lib/certkeep/store
  certkeep restored postgres://certkeep@db1,db2/certkeep")]
pub(crate) struct RestoredArgs {
    /// The store: sled:PATH or postgres://USER@HOST/DATABASE
    store: String,
}

/// Renews the feed of changes.
pub(crate) fn run(args: &RestoredArgs) -> Result<(), Failure> {
    let store = StoreUrl::parse(&args.store).map_err(Failure::new)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    runtime.block_on(store.renew_epoch())?;
    output::print(&format!("whoever follows {store} starts again\n"))
}
