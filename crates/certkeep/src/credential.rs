//! `certkeep credential new`: an access key and a secret key, as the configuration takes them.

use std::path::PathBuf;

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cert_store::OwnerId;
use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{failure::Failure, files, output};

#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep credential new --owner alice >> /etc/certkeep/certkeep.toml
  certkeep credential new --owner alice --secret-key-file /etc/certkeep/alice.secret
  certkeep credential new --role operator
Then tell the server: systemctl reload certkeep, or kill -HUP.")]
pub(crate) struct CredentialArgs {
    #[command(subcommand)]
    command: CredentialCommand,
}

#[derive(Subcommand)]
enum CredentialCommand {
    /// Make one, and print it as the configuration takes it
    New(NewArgs),
}

#[derive(Args)]
struct NewArgs {
    /// The owner for whom it speaks; an operator may have none
    #[arg(long, required_unless_present = "role")]
    owner: Option<String>,
    /// tenant, or operator, who may act for any owner
    #[arg(long, value_parser = ["tenant", "operator"], default_value = "tenant", hide_default_value = true)]
    role: String,
    /// The class of the owner
    #[arg(long)]
    class: Option<String>,
    /// Write the secret key to this new file, with mode 0600, and name the file in its place
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Makes a credential and prints it.
pub(crate) fn run(args: &CredentialArgs) -> Result<(), Failure> {
    let CredentialCommand::New(args) = &args.command;
    if let Some(owner) = &args.owner {
        OwnerId::new(owner).map_err(|error| Failure::new(format!("--owner {owner}: {error}")))?;
    } else if args.role == "tenant" {
        return Err(Failure::new("a tenant needs an owner: --owner NAME"));
    }
    let (access_key, secret_key) = (random_key()?, random_key()?);
    if let Some(path) = &args.secret_key_file {
        if path.exists() {
            return Err(Failure::new(format!("{} exists already: name a new file", path.display())));
        }
        files::write_private(path, secret_key.as_bytes())?;
    }
    let text = if args.json {
        as_json(args, &access_key, &secret_key)
    } else {
        as_toml(args, &access_key, &secret_key)
    };
    output::print(&text)
}

/// 30 random bytes as text.
pub(crate) fn random_key() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; 30]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| Failure::new("the system has no randomness"))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

fn as_toml(args: &NewArgs, access_key: &str, secret_key: &str) -> Zeroizing<String> {
    // What JSON quotes, TOML reads.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = Zeroizing::new(format!("[[credential]]\naccess_key = {}\n", quoted(access_key)));
    match &args.secret_key_file {
        Some(path) => text.push_str(&format!("secret_key_file = {}\n", quoted(&path.to_string_lossy()))),
        None => text.push_str(&format!("secret_key = {}\n", quoted(secret_key))),
    }
    for (key, value) in [("owner", &args.owner), ("class", &args.class)] {
        if let Some(value) = value {
            text.push_str(&format!("{key} = {}\n", quoted(value)));
        }
    }
    if args.role == "operator" {
        text.push_str("role = \"operator\"\n");
    }
    text
}

fn as_json(args: &NewArgs, access_key: &str, secret_key: &str) -> Zeroizing<String> {
    let secret = args.secret_key_file.is_none().then_some(secret_key);
    let value = json!({
        "access_key": access_key, "secret_key": secret, "secret_key_file": args.secret_key_file,
        "owner": args.owner, "class": args.class, "role": args.role,
    });
    Zeroizing::new(format!("{value}\n"))
}
