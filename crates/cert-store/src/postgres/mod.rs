//! The backend for many nodes: one Postgres, replicated if it is to survive a machine.
//!
//! Each write is one function of the server, so one round trip: it locks the owner's row first and decides in the
//! statements after that (`migrations/`). Reads are single statements. `docs/store.md` says why, and how to operate it.

mod answer;
mod config;
mod connect;
mod error;
mod notices;
mod rows;
mod schema;
mod session;
mod statements;
mod store;
mod transfer;
mod values;

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::future::try_join_all;
use tokio_postgres::Row;

use self::{
    answer::Answer,
    connect::{Connector, HostByHost},
    notices::Notifier,
    schema::{Installed, Schema},
    session::{Parameters, Sessions},
    statements::{Call, Calls},
};
pub use self::{
    config::{PostgresConfig, PostgresConfigError},
    error::PostgresOpenError,
    notices::Notices as PostgresNotices,
};
use crate::StoreError;

/// Certificates in Postgres, in a schema of their own. Any number of nodes may have it open at once.
///
/// It runs on a tokio runtime with its timers and I/O enabled. Connections are made when they are needed, and a
/// server that is away or hangs costs a call its deadline at most: see [`PostgresConfig::deadline`].
///
/// ```no_run
/// use cert_store::{CertStore, PostgresConfig, PostgresStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config: PostgresConfig = "postgres://certkeep@db1,db2/certkeep".parse()?;
/// let store: Box<dyn CertStore> = Box::new(PostgresStore::open(&config).await?);
/// # let _ = store;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct PostgresStore {
    sessions: Arc<Sessions>,
    calls: Arc<Calls>,
    notifier: Notifier,
    /// Of connections that are ours.
    hosts: Option<Arc<HostByHost>>,
    channel: String,
}

impl PostgresStore {
    /// Connects, installs or migrates the schema unless the configuration says not to, and opens the store.
    ///
    /// # Errors
    /// [`PostgresOpenError`]; a schema newer than this library is refused, and so is an older one or none where it is
    /// not to be migrated.
    pub async fn open(config: &PostgresConfig) -> Result<Self, PostgresOpenError> {
        let hosts = Arc::new(HostByHost::new(config)?);
        let installed = prepare(&hosts, config).await?;
        let calls = Arc::new(Calls::new(&config.schema));
        let manager = Manager::from_connect(
            config.session.clone(),
            Connector(Arc::clone(&hosts)),
            // A round trip before every call would double what it costs; a connection that ended is noticed.
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(config.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.deadline))
            .create_timeout(Some(config.deadline))
            .post_create(warm_up(Arc::clone(&calls), settings(installed)))
            .build()
            .map_err(|error| PostgresOpenError::Connect(error.into()))?;
        Ok(Self::assembled(Sessions::new(pool, config.deadline), calls, &config.schema, Some(hosts)))
    }

    /// Opens the store on connections of the embedder's, in the schema of that name. It is migrated unless
    /// `migrates` is false. The pool's own time-outs bound what it takes to get a connection.
    ///
    /// The transactions of these connections must be READ COMMITTED by default, which is Postgres' own default:
    /// steps refuse to run under anything else. Where the tables are partitioned, `plan_cache_mode` should be
    /// `force_generic_plan`. Who follows the feed polls, or asks for [`notices_from`](Self::notices_from) a connection
    /// beside the pool.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`PostgresOpenError::Connect`] for a name that no schema has.
    pub async fn on_pool(
        pool: Pool,
        schema: &str,
        migrates: bool,
        deadline: Duration,
    ) -> Result<Self, PostgresOpenError> {
        let schema = Schema::new(schema).map_err(|error| PostgresOpenError::Connect(error.into()))?;
        let mut client = pool.get().await.map_err(|error| PostgresOpenError::Connect(error.into()))?;
        if migrates {
            schema::migrate(&mut client, &schema, None).await?;
        } else {
            find(&client, &schema).await?;
        }
        drop(client);
        let calls = Arc::new(Calls::new(&schema));
        Ok(Self::assembled(Sessions::new(pool, deadline), calls, &schema, None))
    }

    fn assembled(
        sessions: Sessions,
        calls: Arc<Calls>,
        schema: &Schema,
        hosts: Option<Arc<HostByHost>>,
    ) -> Self {
        let sessions = Arc::new(sessions);
        let notifier = Notifier::start(Arc::clone(&sessions), Arc::clone(&calls));
        Self { sessions, calls, notifier, hosts, channel: schema.channel() }
    }

    /// Notices of what any node writes, on a connection of their own. On a store [on a pool](Self::on_pool) none ever
    /// comes, since a pool passes none on: see [`notices_from`](Self::notices_from).
    ///
    /// ```no_run
    /// # async fn example(store: cert_store::PostgresStore) {
    /// let mut notices = store.notices();
    /// // In a loop: wait for a notice or a timer, then read the changes.
    /// let timer = std::time::Duration::from_millis(500);
    /// let _ = tokio::time::timeout(timer, notices.changed()).await;
    /// # }
    /// ```
    pub fn notices(&self) -> PostgresNotices {
        self.listen(self.hosts.clone())
    }

    /// As [`notices`](Self::notices), on a connection to these hosts, which it opens again by itself. It is for a
    /// store [on a pool](Self::on_pool); of the configuration only hosts, database, role and TLS count, and they must
    /// lead to the database of the pool.
    ///
    /// ```no_run
    /// # async fn example(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use cert_store::PostgresStore;
    ///
    /// let store = PostgresStore::on_pool(pool, "certkeep", true, std::time::Duration::from_secs(5)).await?;
    /// let mut notices = store.notices_from(&"postgres://app@db1,db2/app".parse()?)?;
    /// notices.changed().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`PostgresOpenError::TrustAnchors`] for a file that does not read. A server that is away is no error: it is
    /// waited for.
    pub fn notices_from(&self, config: &PostgresConfig) -> Result<PostgresNotices, PostgresOpenError> {
        Ok(self.listen(Some(Arc::new(HostByHost::new(config)?))))
    }

    fn listen(&self, hosts: Option<Arc<HostByHost>>) -> PostgresNotices {
        notices::listen(hosts, format!("listen \"{}\"", self.channel))
    }

    /// Installs or migrates the schema, and lets a role use it: for operators whose service may not create tables.
    /// The service then opens the store with [`PostgresConfig::without_migrating`].
    ///
    /// # Errors
    /// As [`open`](Self::open); [`PostgresOpenError::Server`] for a role that does not exist.
    pub async fn install(config: &PostgresConfig, role: Option<&str>) -> Result<(), PostgresOpenError> {
        let hosts = HostByHost::new(config)?;
        let (mut client, _driver) =
            hosts.connect().await.map_err(|error| PostgresOpenError::Connect(error.into()))?;
        schema::migrate(&mut client, &config.schema, config.partitions).await?;
        match role {
            Some(role) => schema::grant(&client, &config.schema, role).await,
            None => Ok(()),
        }
    }

    /// Starts a new epoch of the change feed, so that every reader starts again. To be done once after a dump was restored:
    /// readers may have seen events that it does not have. A fail-over, or a recovery to a point in time, does it by
    /// itself.
    ///
    /// # Errors
    /// As every write.
    pub async fn renew_epoch(&self) -> Result<(), StoreError> {
        self.value(&self.calls.renew_epoch, &[]).await.map(drop)
    }

    /// One step: its answer, or the backend's failure.
    async fn step(&self, call: &Call, parameters: Parameters<'_>) -> Result<Answer, StoreError> {
        let row = self.sessions.write(call, parameters).await;
        self.notifier.written();
        row.and_then(|row| Answer::of(call.operation, &row))
            .map_err(|failure| failure.of_write(call.operation))
    }

    /// One step that answers with a value of its own.
    async fn value(&self, call: &Call, parameters: Parameters<'_>) -> Result<Row, StoreError> {
        self.sessions.write(call, parameters).await.map_err(|failure| failure.of_write(call.operation))
    }
}

/// Sees to the schema, on a connection outside the pool: those of the pool begin with statements on the tables.
async fn prepare(hosts: &HostByHost, config: &PostgresConfig) -> Result<Installed, PostgresOpenError> {
    let (mut client, _driver) =
        hosts.connect().await.map_err(|error| PostgresOpenError::Connect(error.into()))?;
    if config.migrates {
        return schema::migrate(&mut client, &config.schema, config.partitions).await;
    }
    find(&client, &config.schema).await
}

async fn find(client: &tokio_postgres::Client, schema: &Schema) -> Result<Installed, PostgresOpenError> {
    let installed = Installed::find(client, schema).await?;
    installed.ok_or_else(|| PostgresOpenError::NotInstalled { schema: schema.as_str().to_owned() })?.check()
}

/// What a connection of ours is set to.
const fn settings(installed: Installed) -> &'static str {
    if installed.is_partitioned() {
        // Otherwise a plan is made for every call, to leave out partitions.
        "set default_transaction_isolation = 'read committed'; set plan_cache_mode = force_generic_plan"
    } else {
        "set default_transaction_isolation = 'read committed'"
    }
}

/// Sets a new connection, and has the server plan all statements before the first call needs one: in a few round
/// trips together, since they are sent at once.
fn warm_up(calls: Arc<Calls>, settings: &'static str) -> Hook {
    Hook::async_fn(move |client, _| {
        let calls = Arc::clone(&calls);
        Box::pin(async move {
            client.batch_execute(settings).await.map_err(HookError::Backend)?;
            let statements = calls.iter().map(|call| client.prepare_cached(&call.sql));
            try_join_all(statements).await.map(drop).map_err(HookError::Backend)
        })
    })
}
