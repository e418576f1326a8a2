//! What an edge costs on a store on disk: time until it serves, memory, and a flood of unknown names.
//!
//! Without a command it fills the stores that it needs, once, and measures each thing in a process of its own, several
//! times; the medians are printed.

mod child;
mod fill;
mod table;

use std::path::PathBuf;

use cert_core::KeyType;
use clap::{Parser, Subcommand};

use fill::Filling;

/// What an edge costs on a store on disk
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the stores are kept, which are made once
    #[arg(long, default_value = "target/edges")]
    folder: PathBuf,
    /// Small stores, once: whether it works, not what it costs
    #[arg(long)]
    smoke: bool,
    /// How often each thing is measured
    #[arg(long, default_value_t = 5)]
    repeat: usize,
}

/// What a process measures.
#[derive(Subcommand)]
enum Command {
    /// From the start of the process to the first answer
    Start {
        /// The store's folder
        folder: PathBuf,
    },
    /// Memory of each name before it is asked for
    Cold {
        /// The store's folder
        folder: PathBuf,
    },
    /// Memory of each certificate that has been served
    Hot {
        /// The store's folder
        folder: PathBuf,
    },
    /// From a replacement to the first client that is shown it
    Renew {
        /// The store's folder
        folder: PathBuf,
    },
    /// Clients that ask for names that nobody has
    Flood {
        /// The store's folder
        folder: PathBuf,
    },
}

fn main() {
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Start { folder }) => child::start(folder),
        Some(Command::Cold { folder }) => child::cold(folder),
        Some(Command::Hot { folder }) => child::hot(folder),
        Some(Command::Renew { folder }) => child::renew(folder),
        Some(Command::Flood { folder }) => child::flood(folder),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) {
    let scale = |full: usize, smoke: usize| if arguments.smoke { smoke } else { full };
    let rsa = KeyType::Rsa { bits: 2048 };
    let fillings = [
        Filling { name: "ec", certificates: scale(50_000, 60), names: 1, key_type: KeyType::EcP256 },
        Filling { name: "rsa", certificates: scale(10_000, 20), names: 1, key_type: rsa },
        Filling {
            name: "names",
            certificates: scale(10_000, 20),
            names: scale(100, 20),
            key_type: KeyType::EcP256,
        },
        Filling { name: "few", certificates: scale(1_000, 10), names: 1, key_type: KeyType::EcP256 },
    ];
    let folder = arguments.folder.join(if arguments.smoke { "smoke" } else { "full" });
    let repeat = if arguments.smoke { 1 } else { arguments.repeat };
    let [ec, rsa, names, few] = fillings.map(|filling| (filling.title(), filling.prepare(&folder)));
    for ((title, folder), command) in [
        (&ec, "start"),
        (&names, "start"),
        (&names, "cold"),
        (&ec, "hot"),
        (&rsa, "hot"),
        (&names, "flood"),
        (&few, "renew"),
    ] {
        table::print(&format!("{command}: {title}"), command, folder, repeat);
    }
}
