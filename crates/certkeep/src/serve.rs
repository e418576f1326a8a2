//! `certkeep serve`.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use cert_http::{Authenticator, Options};
use cert_service::{CertService, LocalKeyRing, ServiceError, SystemClock, now, with_causes};
use cert_store::CertStore;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    bootstrap,
    cli::ServeArgs,
    config::{Config, Limits},
    cpu::Cores,
    failure::Failure,
    listen,
    live::Live,
    log, numbers,
    signals::{Reload, Signals},
    timed_store::TimedStore,
    tls::Tls,
};

/// Runs the server until it is asked to stop.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    forbid_core_dumps()?;
    let is_default = args.config.is_none();
    let path = match &args.config {
        Some(path) => path.clone(),
        None => bootstrap::configuration(now(&SystemClock))?,
    };
    let config = Config::load(&path, &args)?;
    // Until the end: what is still to be written goes out with it.
    let _log = log::start(config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(serve(config, path, args, is_default));
    // What is still running belongs to requests that had their time to end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(mut config: Config, path: PathBuf, args: ServeArgs, is_default: bool) -> Result<(), Failure> {
    // Before anybody is told that there is a server: a signal that nobody waits for would end the process at once.
    let signals = Signals::install()?;
    let (address, tls) = (config.listen, config.tls.take());
    let limits = allow_connections(config.limits);
    let store = config.store.to_string();
    let Assembled { certs, router, mut background } = assemble(config, path, args, signals.reload).await?;
    let (listener, address) = bind(address, "--listen")?;
    let tls = match tls {
        None => {
            let names = certs.follow_names(tokio::time::sleep);
            background.spawn(async move { match names.await {} });
            None
        }
        Some(tls) => {
            let (listener, address) = bind(tls.listen, "--tls-listen")?;
            Some((listener, address, Tls::start(certs, tls.name, &mut background).await?))
        }
    };
    tracing::info!(%address, store, "listening");
    announce(address, tls.as_ref().map(|(_, address, tls)| (*address, tls)), is_default)?;
    let stop = signals.stop;
    let plain =
        listen::serve(listener, router.clone(), limits, async |stream| Some(stream), stop.clone().wait());
    let encrypted = async {
        if let Some((listener, _, tls)) = tls {
            listen::serve(listener, router, limits, |stream| tls.open(stream), stop.wait()).await;
        }
    };
    tokio::join!(plain, encrypted);
    // The last who use the store: it closes with them.
    background.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

fn bind(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = listen::bind(address).map_err(|error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}\n  stop what listens there, or choose {flag}"
        ))
    })?;
    let address = listener.local_addr().unwrap_or(address);
    Ok((listener, address))
}

/// The service, its router, and what runs beside them.
struct Assembled {
    certs: CertService,
    router: Router,
    background: JoinSet<()>,
}

/// Everything over store, key ring and plans.
async fn assemble(
    config: Config,
    path: PathBuf,
    args: ServeArgs,
    reload: Reload,
) -> Result<Assembled, Failure> {
    let handle = numbers::start()?;
    let store: Arc<dyn CertStore> = Arc::new(TimedStore(config.store.open().await?));
    let (ring, is_new) = open_ring(&config.key_ring)?;
    let live = Live::new(config.plans, config.credentials);
    let cores = Cores::but_one().map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let built = CertService::builder_shared(Arc::clone(&store), Arc::new(ring))
        .policies(live.clone())
        .executor(cores)
        .build()
        .await;
    let certs = built.map_err(|error| start_failure(&error, &config.key_ring, is_new))?;

    let mut background = JoinSet::new();
    background.spawn(numbers::follow(handle.clone(), certs.clone(), store));
    background.spawn(live.clone().follow(path, args, reload));
    let options = options(config.limits, config.expose_private_keys)
        .authenticator(Authenticator::new(live))
        .metrics(move || handle.render());
    let router = cert_http::router(certs.clone(), options);
    Ok(Assembled { certs, router, background })
}

fn options(limits: Limits, expose_private_keys: bool) -> Options {
    let options = Options::default()
        .expose_private_keys(expose_private_keys)
        .max_body(limits.max_body)
        .max_requests(limits.max_requests)
        .body_deadline(limits.body_timeout)
        .request_deadline(limits.request_timeout);
    match limits.rate {
        Some((per_second, burst)) => options.rate(per_second, burst),
        None => options,
    }
}

/// As many connections as were asked for, or as the system allows: each takes a file descriptor.
fn allow_connections(limits: Limits) -> Limits {
    #[cfg(unix)]
    {
        let wanted = limits.max_connections.saturating_add(RESERVED_FILES);
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
        let allowed = rlimit::increase_nofile_limit(wanted).unwrap_or(1024);
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX).saturating_sub(RESERVED_FILES).max(64);
        if allowed < limits.max_connections {
            tracing::warn!(allowed, "the limit of open files allows fewer connections than max_connections");
        }
        Limits { max_connections: limits.max_connections.min(allowed), ..limits }
    }
    #[cfg(not(unix))]
    limits
}

/// For the store, its connections, and everything else.
#[cfg(unix)]
const RESERVED_FILES: usize = 256;

/// The ring, and whether it was made just now.
fn open_ring(path: &Path) -> Result<(LocalKeyRing, bool), Failure> {
    let is_new = !path.exists();
    let ring = if is_new {
        let now = now(&SystemClock);
        LocalKeyRing::create(path, &now.to_string()[..10], now)
    } else {
        LocalKeyRing::from_file(path)
    };
    ring.map(|ring| (ring, is_new)).map_err(|error| Failure::new(with_causes(&error)))
}

/// A ring that was made for a store that had one already helps nobody, and must not be taken for the right one.
fn start_failure(error: &ServiceError, ring: &Path, is_new: bool) -> Failure {
    if is_new && matches!(error, ServiceError::WrongRing { .. }) {
        let removed = std::fs::remove_file(ring).is_ok();
        let state = if removed { "does not exist" } else { "did not exist" };
        return Failure::new(format!(
            "the key ring {} {state}, and the store is not empty\n  restore the key ring from its backup: without it, \
             no private key in the store can be opened",
            ring.display()
        ));
    }
    Failure::new(format!("cannot start on key ring {}: {}", ring.display(), with_causes(error)))
}

/// Says where the server is, and what to try. Scripts wait for the first line.
fn announce(address: SocketAddr, tls: Option<(SocketAddr, &Tls)>, is_default: bool) -> Result<(), Failure> {
    let url = format!("http://{address}");
    let mut text = format!("certkeep {} listens on {url}\n", env!("CARGO_PKG_VERSION"));
    if let Some((address, tls)) = tls {
        text.push_str(&format!("and on {address} as https://{}\n", tls.name()));
    }
    if is_default {
        let line = bootstrap::next_step(&url)?;
        text.push_str(&format!("\nNext, in a second terminal in this folder:\n\n{line}\n\n"));
    }
    // Nobody need be reading.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(())
}

/// A core dump would write every key in memory to disk.
fn forbid_core_dumps() -> Result<(), Failure> {
    #[cfg(unix)]
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)
        .map_err(|error| Failure::new(format!("cannot forbid core dumps: {error}")))?;
    Ok(())
}
