//! A TLS-terminating server: it decrypts for every domain that is bound in a store, and hands on to one address.
//!
//! ```text
//! cargo run -p cert-rustls --example edge --features tokio -- \
//!     ./certkeep-data/store ./certkeep-data/keyring.toml 127.0.0.1:8443 127.0.0.1:8080
//! ```

use std::{error::Error, io, sync::Arc, time::Duration};

use cert_rustls::{AcceptError, Edge, LoadError};
use cert_service::{CertService, LocalKeyRing};
use cert_store::SledStore;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [store, key_ring, listen, upstream] = arguments.as_slice() else {
        return Err("usage: edge STORE KEY_RING LISTEN UPSTREAM".into());
    };
    let certs =
        CertService::builder(SledStore::open(store)?, LocalKeyRing::from_file(key_ring)?).build().await?;
    let edge = Edge::builder(certs, Arc::new(aws_lc_rs::default_provider())).build();
    tokio::spawn(edge.run(sleep));
    tokio::spawn(report(edge.clone()));
    let listener = TcpListener::bind(listen).await?;
    println!("{} listens for TLS", listener.local_addr()?);
    Ok(serve(edge, listener, upstream.as_str().into()).await?)
}

/// Serves clients for ever.
pub(crate) async fn serve(edge: Edge, listener: TcpListener, upstream: Arc<str>) -> io::Result<()> {
    let config = Arc::new(edge.server_config().map_err(io::Error::other)?);
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: some connection will end.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (edge, config, upstream) = (edge.clone(), Arc::clone(&config), Arc::clone(&upstream));
        tokio::spawn(async move {
            if let Err(error) = relay(&edge, &config, client, &upstream).await {
                eprintln!("{}", cert_service::with_causes(&*error));
            }
        });
    }
}

/// One client, from its hello to its last byte.
async fn relay(
    edge: &Edge,
    config: &ServerConfig,
    client: TcpStream,
    upstream: &str,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    client.set_nodelay(true)?;
    let handshake = timeout(Duration::from_secs(10), edge.accept(client, config)).await?;
    let mut client = match handshake {
        Ok(client) => client,
        // Clients come with any name, and go away: nobody's error here.
        Err(AcceptError::Handshake(_) | AcceptError::NoCertificate(LoadError::UnknownName)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut upstream = TcpStream::connect(upstream).await?;
    // How it ends is for the two to know.
    let _ = copy_bidirectional(&mut client, &mut upstream).await;
    Ok(())
}

/// Where your metrics would be.
async fn report(edge: Edge) {
    loop {
        sleep(Duration::from_secs(10)).await;
        let status = edge.status();
        println!(
            "names {} store answers {} lag {:?} opened {} ({} bytes) failures {}",
            status.names.names,
            status.names.is_connected,
            status.names.lag,
            status.cached,
            status.cached_bytes,
            status.load_failures,
        );
    }
}
