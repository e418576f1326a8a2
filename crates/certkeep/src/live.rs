//! What of the configuration can change while the server runs: classes, quotas and credentials.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use cert_http::{Credential, Credentials};
use cert_service::{Plan, Policies};
use cert_store::OwnerId;

use crate::{
    cli::ServeArgs,
    config::{Config, PlansByOwner},
    signals::Reload,
};

/// The part of the configuration that stands now. Clones are the same.
#[derive(Clone)]
pub(crate) struct Live(Arc<RwLock<Arc<Standing>>>);

struct Standing {
    plans: PlansByOwner,
    credentials: HashMap<String, Arc<Credential>>,
}

impl Live {
    pub(crate) fn new(plans: PlansByOwner, credentials: HashMap<String, Arc<Credential>>) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Standing { plans, credentials }))))
    }

    /// Reads the file again at each SIGHUP. What does not read leaves everything as it stands: requests that are under
    /// way end by what they began with.
    pub(crate) async fn follow(self, path: PathBuf, args: ServeArgs, mut reload: Reload) {
        while reload.next().await.is_some() {
            match Config::load(&path, &args) {
                Ok(Config { plans, credentials, .. }) => {
                    let count = credentials.len();
                    let standing = Arc::new(Standing { plans, credentials });
                    *self.0.write().unwrap_or_else(PoisonError::into_inner) = standing;
                    tracing::info!(credentials = count, "the configuration was read again");
                }
                Err(failure) => tracing::error!(%failure, "the configuration stays as it was"),
            }
        }
    }

    fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Policies for Live {
    fn plan(&self, owner: &OwnerId) -> Plan {
        self.standing().plans.plan(owner)
    }
}

impl Credentials for Live {
    fn find(&self, access_key: &str) -> Option<Arc<Credential>> {
        self.standing().credentials.find(access_key)
    }
}
