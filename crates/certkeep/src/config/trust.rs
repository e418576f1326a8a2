//! Trust anchors by the words that people use for them.

use std::{fs, path::Path, sync::Arc};

use cert_core::{AnchorOrigin, TrustAnchors};

use crate::failure::Failure;

/// `webpki`, `system`, or PEM files; `webpki` where nothing is named.
pub(crate) fn anchors(words: &[String]) -> Result<Arc<TrustAnchors>, Failure> {
    if words.is_empty() {
        return Ok(TrustAnchors::webpki());
    }
    let mut anchors = TrustAnchors::new();
    for word in words {
        match word.as_str() {
            "webpki" => anchors.add_webpki(),
            "system" => add_system(&mut anchors)?,
            path => add_file(&mut anchors, Path::new(path), AnchorOrigin::Private)?,
        }
    }
    Ok(Arc::new(anchors))
}

/// Where systems keep the anchors that they trust, in the order in which they are looked for.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

fn add_system(anchors: &mut TrustAnchors) -> Result<(), Failure> {
    let bundle = SYSTEM_BUNDLES.iter().map(Path::new).find(|path| path.exists());
    let bundle = bundle.ok_or_else(|| {
        Failure::new(
            "trust = \"system\": this machine has no bundle of trust anchors (install ca-certificates)",
        )
    })?;
    add_file(anchors, bundle, AnchorOrigin::Public)
}

fn add_file(anchors: &mut TrustAnchors, path: &Path, origin: AnchorOrigin) -> Result<(), Failure> {
    let pem = fs::read(path).map_err(|error| Failure::file("read the trust anchors in", path, &error))?;
    anchors
        .add_pem(&pem, origin)
        .map_err(|error| Failure::new(format!("{} holds no trust anchors: {error}", path.display())))
}
