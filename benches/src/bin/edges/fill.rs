//! Stores that are made once and kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use cert_core::KeyType;
use cert_service::{LocalKeyRing, SystemClock, now};
use cert_store::SledStore;
use certkeep_benches::edge::Site;

/// What is in a store.
pub(crate) struct Filling {
    pub(crate) name: &'static str,
    pub(crate) certificates: usize,
    /// Of each certificate.
    pub(crate) names: usize,
    pub(crate) key_type: KeyType,
}

impl Filling {
    /// What is in it, for people.
    pub(crate) fn title(&self) -> String {
        let Self { certificates, names, key_type, .. } = self;
        format!("{certificates} certificates ({key_type:?}), {} names", certificates * names)
    }

    /// The folder of the store, which is filled unless it was before.
    pub(crate) fn prepare(&self, parent: &Path) -> PathBuf {
        let folder = parent.join(format!("{}-{}-{}", self.name, self.certificates, self.names));
        let done = folder.join("done");
        if !done.exists() {
            let start = Instant::now();
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("the folder can be made");
            runtime().block_on(self.fill(&folder));
            fs::write(done, "").expect("the folder can be written");
            eprintln!("filled {} in {:.0?}", folder.display(), start.elapsed());
        }
        folder
    }

    async fn fill(&self, folder: &Path) {
        let ring = LocalKeyRing::create(ring(folder), "bench", now(&SystemClock)).expect("a new ring");
        let store = SledStore::open(store(folder)).expect("a new store");
        let site = Site::new(Arc::new(store), Arc::new(ring)).await;
        fs::write(root(folder), site.root.der()).expect("the folder can be written");
        site.fill(self.certificates, self.names, self.key_type).await;
    }
}

/// Where the store is.
pub(crate) fn store(folder: &Path) -> PathBuf {
    folder.join("store")
}

/// Where its key ring is.
pub(crate) fn ring(folder: &Path) -> PathBuf {
    folder.join("keyring.toml")
}

/// Where the root is that clients trust.
pub(crate) fn root(folder: &Path) -> PathBuf {
    folder.join("root.der")
}

/// One thread, beside those of the store.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread can wait")
}
