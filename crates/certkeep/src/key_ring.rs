//! `certkeep key-ring`: a new key-encryption key in a ring, in the two steps that several nodes need.

use std::{fs, path::PathBuf};

use cert_service::{LocalKeyRing, SystemClock, now, with_causes};
use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::{failure::Failure, files, output};

/// A key is added in a state in which it only opens, and made active once every node has the ring with it: a node that
/// lacks it could not read what another has sealed under it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep key-ring add keyring.toml                                   then copy it to every node, restart them
  certkeep key-ring activate keyring.toml 2026-02-13-0f1e2d3c4b5a6978  then copy it, restart them again
  certkeep rewrap 2025-08-01-8877665544332211                          the key that was active before
  certkeep retire 2025-08-01-8877665544332211")]
pub(crate) struct KeyRingArgs {
    #[command(subcommand)]
    command: KeyRingCommand,
}

#[derive(Subcommand)]
enum KeyRingCommand {
    /// Make a new key and add it to the ring, to open with; prints its id
    Add {
        /// The ring
        file: PathBuf,
    },
    /// Seal under this key from now on; the one that was active only opens
    Activate {
        /// The ring
        file: PathBuf,
        /// The key's id
        id: String,
    },
}

/// Changes the file.
pub(crate) fn run(args: &KeyRingArgs) -> Result<(), Failure> {
    match &args.command {
        KeyRingCommand::Add { file } => {
            let ring = Ring::read(file)?;
            let (key, id) = new_key(&ring)?;
            ring.write(&format!("{}\n{}", ring.text.trim_end(), &*key))?;
            output::print(&format!("{id}\n"))
        }
        KeyRingCommand::Activate { file, id } => {
            let ring = Ring::read(file)?;
            ring.write(&activated(&ring.text, id)?)?;
            output::print(&format!("{id} is active\n"))
        }
    }
}

/// A ring's file, which was read as a ring.
struct Ring {
    path: PathBuf,
    text: Zeroizing<String>,
}

impl Ring {
    fn read(path: &PathBuf) -> Result<Self, Failure> {
        LocalKeyRing::from_file(path).map_err(|error| Failure::new(with_causes(&error)))?;
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        Ok(Self { path: path.clone(), text: Zeroizing::new(text) })
    }

    /// Replaces the file in one step, once what replaces it has been read as a ring.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let beside = self.path.with_extension("new");
        files::write_private(&beside, text.as_bytes())?;
        LocalKeyRing::from_file(&beside).map_err(|error| Failure::new(with_causes(&error)))?;
        fs::rename(&beside, &self.path).map_err(|error| Failure::file("replace", &self.path, &error))
    }
}

/// A key as a ring has it, in the state in which it only opens, and its id.
fn new_key(ring: &Ring) -> Result<(Zeroizing<String>, String), Failure> {
    let now = now(&SystemClock);
    let beside = ring.path.with_extension("key");
    let made = LocalKeyRing::create(&beside, &now.to_string()[..10], now);
    let text = fs::read_to_string(&beside).map(Zeroizing::new);
    // It holds a key, and has done its service.
    let removed = fs::remove_file(&beside);
    made.map_err(|error| Failure::new(with_causes(&error)))?;
    let text = text
        .and_then(|text| removed.map(|()| text))
        .map_err(|error| Failure::file("read", &beside, &error))?;
    let block = text.find(KEY).map_or("", |start| &text[start..]);
    let id = value(block, "id").unwrap_or_default().to_owned();
    Ok((Zeroizing::new(format!("\n{}", block.replace(ACTIVE, DECRYPT))), id))
}

/// The text with this key active, and no other.
fn activated(text: &str, id: &str) -> Result<Zeroizing<String>, Failure> {
    let (head, keys) = text.split_at(text.find(KEY).unwrap_or(text.len()));
    let mut changed = Zeroizing::new(head.to_owned());
    let mut is_there = false;
    // The first part is what stands before the first key: nothing.
    for block in keys.split(KEY).skip(1) {
        changed.push_str(KEY);
        if value(block, "id") == Some(id) {
            is_there = true;
            changed.push_str(&block.replace(DECRYPT, ACTIVE));
        } else {
            changed.push_str(&block.replace(ACTIVE, DECRYPT));
        }
    }
    if is_there { Ok(changed) } else { Err(Failure::new(format!("the ring has no key {id}"))) }
}

const KEY: &str = "[[key]]";
const ACTIVE: &str = "state = \"active\"";
const DECRYPT: &str = "state = \"decrypt\"";

fn value<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.trim().strip_prefix(&format!("{key} = \""))?.strip_suffix('"'))
}
