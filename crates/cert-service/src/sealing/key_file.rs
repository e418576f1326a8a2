//! The key ring's file: TOML, readable by its owner only.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use base64ct::{Base64, Encoding as _};
use cert_core::Timestamp;
use zeroize::Zeroizing;

use super::key_ring::{Kek, KeyRingError, State};

pub(super) fn read(path: &Path) -> Result<Vec<Kek>, KeyRingError> {
    let io = |source| KeyRingError::Io { path: path.into(), source };
    check_mode(path, &fs::metadata(path).map_err(io)?)?;
    parse(path, &Zeroizing::new(fs::read_to_string(path).map_err(io)?))
}

/// The keys in the text of a ring; `path` is for errors.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Kek>, KeyRingError> {
    // The parser's own message may quote the file, and with it a key: only the line goes on.
    let file: RingFile = toml::from_str(text).map_err(|error| KeyRingError::Syntax {
        path: path.into(),
        line: error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1),
    })?;
    if file.version != VERSION {
        return Err(KeyRingError::Version { path: path.into(), version: file.version });
    }
    file.key.into_iter().map(|entry| entry.into_kek(path)).collect()
}

pub(super) fn write(path: &Path, key: &Kek, now: Timestamp) -> Result<(), KeyRingError> {
    let material = Zeroizing::new(Base64::encode_string(&key.material));
    let text = Zeroizing::new(format!(
        "# The keys that seal this store's private keys. Whoever has this file and the store has them all;\n\
         # whoever loses this file has lost them all. Keep a copy apart from the backups of the store.\n\
         version = {VERSION}\n\n[[key]]\nid = \"{}\"\ncreated = \"{now}\"\nstate = \"active\"\nmaterial = \"{}\"\n",
        key.id.as_str(),
        material.as_str(),
    ));
    write_new(path, text.as_bytes()).map_err(|source| KeyRingError::Io { path: path.into(), source })
}

const VERSION: u32 = 1;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    version: u32,
    #[serde(default)]
    key: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    // For people; any notation of an instant will do.
    #[serde(rename = "created")]
    _created: toml::Value,
    state: State,
    material: Zeroizing<String>,
}

impl Entry {
    fn into_kek(self, path: &Path) -> Result<Kek, KeyRingError> {
        let damaged = || KeyRingError::Material { path: path.into(), id: self.id.clone() };
        let mut material = Zeroizing::new([0; 32]);
        let decoded =
            Base64::decode(self.material.as_str(), material.as_mut_slice()).map_err(|_| damaged())?;
        let is_whole = decoded.len() == 32;
        let (label, _) = self.id.rsplit_once('-').ok_or_else(damaged)?;
        let id = Kek::id_of(label, &material)?;
        if !is_whole || id.as_str() != self.id {
            return Err(damaged());
        }
        Ok(Kek { id, state: self.state, material: *material })
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyRingError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyRingError::Mode { path: path.into(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), KeyRingError> {
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
