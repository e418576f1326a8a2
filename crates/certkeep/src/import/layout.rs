//! The folders that people have: which file is a chain, and where its key is.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Found, Material, secret};
use crate::{failure::Failure, files};

/// Everything below a folder, in the order of its paths.
pub(super) fn find(folder: &Path) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    walk(folder, 0, &mut found)?;
    Ok(found)
}

/// Deeper than anybody keeps certificates; a link to a folder above ends here, too.
const MAX_DEPTH: usize = 6;
/// Larger than any file that holds what is looked for.
const MAX_FILE: u64 = 4 * 1024 * 1024;

fn walk(folder: &Path, depth: usize, found: &mut Vec<Found>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file("read the folder", folder, &error))?;
    // Sorted, and each once: what is listed under two names by links is still two places.
    let paths: BTreeSet<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    of_files(folder, &files, found);
    for below in folders {
        let is_hidden = below.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".."));
        if depth < MAX_DEPTH && !is_hidden {
            walk(&below, depth + 1, found)?;
        }
    }
    Ok(())
}

/// A chain and its key under fixed names, as ACME clients and clusters have them; the folder names the certificate.
const FIXED: [(&str, &str); 3] =
    [("fullchain.pem", "privkey.pem"), ("tls.crt", "tls.key"), ("fullchain.cer", "")];
/// What lies beside a chain and is a part of it.
const PARTS: [&str; 4] = ["cert.pem", "chain.pem", "ca.cer", "ca.crt"];

fn of_files(folder: &Path, files: &[PathBuf], found: &mut Vec<Found>) {
    let named = |name: &str| files.iter().find(|path| path.file_name().is_some_and(|other| other == name));
    let fixed = FIXED.iter().find_map(|(chain, key)| Some((named(chain)?, *key)));
    if let Some((chain, key)) = fixed {
        let domain = name_of(folder);
        // acme.sh names the key after the domain, and the folder, too, but for a suffix.
        let acme_key = format!("{}.key", domain.strip_suffix("_ecc").unwrap_or(&domain));
        let key = named(if key.is_empty() { &acme_key } else { key });
        found.push(pair(chain, key, domain.strip_suffix("_ecc").unwrap_or(&domain)));
        return;
    }
    for path in files.iter().filter(|path| fs::metadata(path).is_ok_and(|file| file.len() <= MAX_FILE)) {
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("p12" | "pfx") => found.push(pkcs12(path)),
            Some("yaml" | "yml" | "json") => found.extend(secret::read(path)),
            Some("pem" | "crt" | "cer") if !PARTS.iter().any(|part| path.ends_with(part)) => {
                let key = path.with_extension("key");
                let key = files.contains(&key).then_some(&key);
                // A single file may be anything; only one that holds certificates is worth a word.
                if key.is_some() || holds_certificates(path) {
                    found.push(pair(path, key, &path.file_stem().unwrap_or_default().to_string_lossy()));
                }
            }
            _ => {}
        }
    }
}

fn pair(chain: &Path, key: Option<&PathBuf>, name: &str) -> Found {
    let material = match key {
        None => Material::Unusable("no private key lies beside it".to_owned()),
        Some(key) => read_pair(chain, key).unwrap_or_else(|error| Material::Unusable(error.to_string())),
    };
    // acme.sh writes a wildcard as it is; Caddy as `wildcard_`.
    let name = name.strip_prefix("wildcard_").map_or_else(|| name.to_owned(), |rest| format!("*{rest}"));
    Found { place: chain.display().to_string(), name, material }
}

fn read_pair(chain: &Path, key: &Path) -> Result<Material, Failure> {
    Ok(Material::Pair { chain: files::read_secret(chain)?.to_vec(), key: files::read_secret(key)? })
}

fn pkcs12(path: &Path) -> Found {
    let material = match files::read_secret(path) {
        Ok(file) => Material::Pkcs12(decoded(file)),
        Err(error) => Material::Unusable(error.to_string()),
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Found { place: path.display().to_string(), name, material }
}

/// Some tools write the file in base64.
fn decoded(file: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if !file.starts_with(b"MI") {
        return file;
    }
    let text: Zeroizing<Vec<u8>> =
        Zeroizing::new(file.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    secret::decode_base64(&text).unwrap_or(file)
}

fn holds_certificates(path: &Path) -> bool {
    files::read_secret(path).is_ok_and(|text| {
        let marker = b"-----BEGIN CERTIFICATE-----";
        text.windows(marker.len()).any(|window| window == marker)
    })
}

fn name_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
