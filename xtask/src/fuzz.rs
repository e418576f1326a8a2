//! `cargo xtask fuzz`: the targets of `fuzz/`, each for a while.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::command;

const TARGETS: [&str; 6] = ["pem", "key", "pkcs12", "certificate", "bundle", "report"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// One target instead of all
    #[arg(value_parser = TARGETS)]
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

/// Runs each target from seeds that the frozen test data make. A find is kept by libFuzzer in `fuzz/artifacts`; make a
/// test of it.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if !command::succeeds(Command::new("cargo").args(["fuzz", "--version"])) {
        return Err("cargo-fuzz is missing; install it: cargo install cargo-fuzz".into());
    }
    for (index, target) in TARGETS.into_iter().enumerate() {
        if options.target.as_deref().is_some_and(|only| only != target) {
            continue;
        }
        eprintln!("xtask: target {target} ({} of {}), {} s", index + 1, TARGETS.len(), options.seconds);
        let corpus = command::workspace().join("fuzz/corpus").join(target);
        plant_seeds(target, &corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
        command::run(&mut fuzz(target, options.seconds))?;
    }
    Ok(())
}

fn fuzz(target: &str, seconds: u64) -> Command {
    // Through rustup's cargo: the one that runs this has pinned its own toolchain.
    let mut fuzz = Command::new("cargo");
    fuzz.env_remove("RUSTUP_TOOLCHAIN").args(["+nightly", "fuzz", "run", target, "--"]);
    fuzz.arg(format!("-max_total_time={seconds}")).args([
        "-max_len=16384",
        "-timeout=10",
        "-print_final_stats=1",
    ]);
    fuzz.current_dir(command::workspace());
    fuzz
}

/// Each frozen file, in the shape in which the target takes it.
fn plant_seeds(target: &str, corpus: &Path) -> std::io::Result<()> {
    fs::create_dir_all(corpus)?;
    let data = command::workspace().join("crates/cert-core/tests/data");
    let encrypted = data.join("encrypted");
    for entry in fs::read_dir(data)?.chain(fs::read_dir(encrypted)?) {
        let path = entry?.path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(seed) = seed(target, &path, &name)? {
            fs::write(corpus.join(format!("seed-{name}")), seed)?;
        }
    }
    Ok(())
}

fn seed(target: &str, path: &Path, name: &str) -> std::io::Result<Option<Vec<u8>>> {
    let content = || fs::read(path);
    Ok(match (target, name.strip_suffix(".key.pem")) {
        ("pem" | "key", _) => Some(content()?),
        ("pkcs12", _) => {
            if name.contains(".p12") {
                Some(content()?)
            } else {
                None
            }
        }
        ("certificate", _) => first_block(&content()?),
        (_, Some(name)) => {
            // An encrypted key is named for its chain, and for what it is encrypted with.
            let chain =
                |name: &str| Some(path.with_file_name(format!("{name}.pem"))).filter(|path| path.exists());
            let chain = chain(name).or_else(|| name.split_once('_').and_then(|(name, _)| chain(name)));
            chain.map(|chain| Ok::<_, std::io::Error>(pair(&fs::read(chain)?, &content()?))).transpose()?
        }
        _ => None,
    })
}

/// Chain and key behind the length of the chain. None of the frozen chains is above 64 KiB.
fn pair(chain: &[u8], key: &[u8]) -> Vec<u8> {
    let length = u16::try_from(chain.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length[..], chain, key].concat()
}

/// The DER of a file's first block.
fn first_block(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let body: String = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with('-'))
        .collect();
    BASE64_STANDARD.decode(body).ok()
}
