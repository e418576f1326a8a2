//! `certkeep serve`.

use std::{
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use cert_http::{Authenticator, Options};
use cert_service::{CertService, LocalKeyRing, ServiceError, SystemClock, now, with_causes};
use tokio::{net::TcpListener, signal};

use crate::{bootstrap, cli::ServeArgs, config::Config, cpu::Cores, failure::Failure, listen, tls::Tls};

/// Runs the server until it is asked to stop.
pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    forbid_core_dumps()?;
    start_log();
    let is_default = args.config.is_none();
    let path = match &args.config {
        Some(path) => path.clone(),
        None => bootstrap::configuration(now(&SystemClock))?,
    };
    let config = Config::load(&path, &args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(serve(config, is_default));
    // What is still running belongs to requests that had their time to end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(mut config: Config, is_default: bool) -> Result<(), Failure> {
    let (address, tls) = (config.listen, config.tls.take());
    let store = config.store.to_string();
    let (certs, router) = assemble(config).await?;
    let (listener, address) = bind(address, "--listen").await?;
    let tls = match tls {
        None => None,
        Some(tls) => {
            let (listener, address) = bind(tls.listen, "--tls-listen").await?;
            Some((listener, address, Tls::start(certs, tls.name).await?))
        }
    };
    tracing::info!(%address, store, "listening");
    announce(address, tls.as_ref().map(|(_, address, tls)| (*address, tls)), is_default)?;
    let stopping = async {
        stop_signal().await;
        tracing::info!("stopping");
    };
    let plain = listen::serve(listener, router.clone(), async |stream| Some(stream), stopping);
    let encrypted = async {
        if let Some((listener, _, tls)) = tls {
            listen::serve(listener, router, |stream| tls.open(stream), stop_signal()).await;
        }
    };
    tokio::join!(plain, encrypted);
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}\n  stop what listens there, or choose {flag}"
        ))
    })?;
    let address = listener.local_addr().unwrap_or(address);
    Ok((listener, address))
}

/// The service over store, key ring and plans, and its router.
async fn assemble(config: Config) -> Result<(CertService, Router), Failure> {
    let store = config.store.open().await?;
    let (ring, is_new) = open_ring(&config.key_ring)?;
    let built = CertService::builder_shared(store, Arc::new(ring))
        .policies(config.plans)
        .executor(Cores::all())
        .build()
        .await;
    let certs = built.map_err(|error| start_failure(&error, &config.key_ring, is_new))?;
    let options = Options::default()
        .authenticator(Authenticator::new(config.credentials))
        .expose_private_keys(config.expose_private_keys)
        .max_body(config.max_body);
    Ok((certs.clone(), cert_http::router(certs, options)))
}

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

/// Ctrl-C, or what a service manager sends.
async fn stop_signal() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// A core dump would write every key in memory to disk.
fn forbid_core_dumps() -> Result<(), Failure> {
    #[cfg(unix)]
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)
        .map_err(|error| Failure::new(format!("cannot forbid core dumps: {error}")))?;
    Ok(())
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("CERTKEEP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
