//! Kubernetes TLS Secrets in files: YAML or JSON, one, several, or a list as `kubectl get -o` prints it.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Found, Material};
use crate::files;

/// The TLS Secrets in a file. A file that holds none is not looked at further: most YAML is something else.
pub(super) fn read(path: &Path) -> Vec<Found> {
    let Ok(text) = files::read_secret(path) else { return Vec::new() };
    let Ok(text) = std::str::from_utf8(&text) else { return Vec::new() };
    if !text.contains(TYPE) {
        return Vec::new();
    }
    match serde_saphyr::from_multiple::<Object>(text) {
        Ok(objects) => objects.into_iter().flat_map(|object| of_object(path, object)).collect(),
        // The parser's message may quote the text, which holds keys.
        Err(_) => vec![Found {
            place: path.display().to_string(),
            name: String::new(),
            material: Material::Unusable("it does not parse as YAML or JSON".to_owned()),
        }],
    }
}

pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD.decode(text).ok().map(Zeroizing::new)
}

const TYPE: &str = "kubernetes.io/tls";

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    items: Vec<Secret>,
    #[serde(flatten)]
    secret: Secret,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Secret {
    r#type: Option<String>,
    metadata: Metadata,
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(rename = "tls.crt")]
    chain: Option<String>,
    #[serde(rename = "tls.key")]
    key: Option<Zeroizing<String>>,
}

fn of_object(path: &Path, object: Object) -> Vec<Found> {
    let Object { items, secret } = object;
    let secrets = items.into_iter().chain([secret]);
    secrets
        .filter(|secret| secret.r#type.as_deref() == Some(TYPE))
        .map(|secret| of_secret(path, secret))
        .collect()
}

fn of_secret(path: &Path, secret: Secret) -> Found {
    let name = secret.metadata.name.unwrap_or_default();
    let namespace = secret.metadata.namespace.map(|namespace| namespace + "/").unwrap_or_default();
    let decode = |text: &str| decode_base64(text.as_bytes());
    let pair = secret.data.chain.zip(secret.data.key);
    let material = match pair.map(|(chain, key)| (decode(&chain), decode(&key))) {
        None => Material::Unusable("tls.crt or tls.key is missing".to_owned()),
        Some((Some(chain), Some(key))) => Material::Pair { chain: chain.to_vec(), key },
        Some(_) => Material::Unusable("tls.crt or tls.key is not base64".to_owned()),
    };
    Found { place: format!("{} ({namespace}{name})", path.display()), name, material }
}
