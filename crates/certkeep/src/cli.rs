//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use cert_core::{Language, Timestamp};
use clap::{Args, Parser, Subcommand};

use crate::{
    cert::CertArgs,
    config::LogFormat,
    credential::CredentialArgs,
    domain::DomainArgs,
    import::ImportArgs,
    key_ring::KeyRingArgs,
    manual::{CompletionArgs, ManArgs},
    operator::{RetireArgs, RewrapArgs},
    restored::RestoredArgs,
};

/// A certificate store: it judges uploads, explains refusals, and seals private keys.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  certkeep serve                                  start a server here, with its data in ./certkeep-data
  certkeep check fullchain.pem --key privkey.pem  judge a chain and its key without any server
  certkeep cert list                              what the server keeps for you
  certkeep import /etc/letsencrypt/live           upload what an ACME client keeps

Exit code 0: done. 1: the server, or the check, says no. 2: the command could not run, or not
now (429 and 5xx): try again."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Upload, read, find, renew and delete certificates on a server
    Cert(CertArgs),
    /// Judge a chain, and its key, on this machine
    Check(CheckArgs),
    /// Print what completes these commands in a shell
    Completion(CompletionArgs),
    /// Make credentials for the server's configuration
    Credential(CredentialArgs),
    /// Bind certificates to domains on a server, and free them
    Domain(DomainArgs),
    /// Upload the certificates that an ACME client or a cluster keeps in a folder
    Import(ImportArgs),
    /// Add a key-encryption key to a key ring, and make it the active one
    KeyRing(KeyRingArgs),
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
    /// Copy everything from one store to another
    Migrate(MigrateArgs),
    /// Have whoever follows a store start again, after it was restored from a backup
    Restored(RestoredArgs),
    /// Retire a key-encryption key for good, once nothing is under it
    Retire(RetireArgs),
    /// Wrap every key anew that is under a key-encryption key
    Rewrap(RewrapArgs),
    /// Run the server
    Serve(ServeArgs),
}

/// Flags beat the environment, and both beat the file. SIGHUP has the file's classes and credentials read again, without
/// dropping a request; SIGTERM lets requests end and stops.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep serve
      On 127.0.0.1:8080; the first run creates ./certkeep-data with a key ring, a credential and a demo
      certificate, and prints a line to try next.
  certkeep serve --listen 127.0.0.1:9090 --store memory:
  certkeep serve --store postgres://certkeep@db1,db2/certkeep --key-ring /etc/certkeep/keyring.toml
  certkeep serve --config /etc/certkeep.toml
  CERTKEEP_LISTEN=0.0.0.0:8080 certkeep serve
  certkeep serve --tls-listen 0.0.0.0:8443 --tls-name certs.example.com
      HTTPS too, with whatever certificate is bound to certs.example.com here; no restart when it is renewed.")]
pub(crate) struct ServeArgs {
    /// TOML file with everything; ./certkeep-data/certkeep.toml by default, made on the first run
    #[arg(long, env = "CERTKEEP_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port
    #[arg(long, env = "CERTKEEP_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address and port for HTTPS, with a certificate from the server's own store; needs --tls-name
    #[arg(long, env = "CERTKEEP_TLS_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// The CDN domain whose certificate HTTPS clients are shown; bind one to it, and renew it as any other
    #[arg(long, env = "CERTKEEP_TLS_NAME", value_name = "DOMAIN")]
    pub(crate) tls_name: Option<String>,
    /// Where certificates are kept: memory:, sled:PATH or postgres://USER@HOST/DATABASE
    #[arg(long, env = "CERTKEEP_STORE", value_name = "URL")]
    pub(crate) store: Option<String>,
    /// A file with the password of a store in Postgres
    #[arg(long, env = "CERTKEEP_STORE_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) store_password_file: Option<PathBuf>,
    /// How log lines look; CERTKEEP_LOG says which there are, such as info or cert_store=debug
    #[arg(long, env = "CERTKEEP_LOG_FORMAT", value_name = "FORMAT", value_enum)]
    pub(crate) log: Option<LogFormat>,
    /// The key ring that seals private keys
    #[arg(long, env = "CERTKEEP_KEY_RING", value_name = "FILE")]
    pub(crate) key_ring: Option<PathBuf>,
    /// Whether reading a certificate returns its private key
    #[arg(long, env = "CERTKEEP_EXPOSE_PRIVATE_KEYS", value_name = "BOOL")]
    pub(crate) expose_private_keys: Option<bool>,
    /// Unexpired certificates that an owner may have
    #[arg(long, env = "CERTKEEP_QUOTA", value_name = "NUMBER")]
    pub(crate) quota: Option<u64>,
    /// Certificates that an owner may have, expired ones included
    #[arg(long, env = "CERTKEEP_TOTAL", value_name = "NUMBER")]
    pub(crate) total: Option<u64>,
    /// Longest request body, such as 1MiB
    #[arg(long, env = "CERTKEEP_MAX_BODY", value_name = "SIZE")]
    pub(crate) max_body: Option<String>,
}

/// No server may use either store meanwhile. Everything is carried over as it is: ids, versions, sealed keys (the key
/// ring stays the same), bindings, labels, times. At the end the two stores are compared by number and digest. If it is
/// interrupted, the same command goes on.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep migrate sled:./certkeep-data/store postgres://certkeep@db1,db2/certkeep
  certkeep migrate postgres://certkeep@db1/certkeep sled:/var/lib/certkeep/store")]
pub(crate) struct MigrateArgs {
    /// The store that is read: sled:PATH or postgres://USER@HOST/DATABASE
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// The store that is filled; it is made if it does not exist
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Print the number of entries and the digest as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Exit code 0: it would be accepted. 1: it would be refused. 2: the check could not run.
#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep check fullchain.pem --key privkey.pem
  certkeep check fullchain.pem --key encrypted.pem --passphrase-file passphrase.txt
  certkeep check bundle.pfx --passphrase-file passphrase.txt
  certkeep check fullchain.pem --at 2027-01-01 --trust private-ca.pem
  certkeep check fullchain.pem --json | jq .findings")]
pub(crate) struct CheckArgs {
    /// The chain, PEM or DER, or a PKCS #12 file with its key; - for the standard input
    #[arg(value_name = "CHAIN")]
    pub(crate) chain: PathBuf,
    /// The private key of the leaf
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<PathBuf>,
    // A file only: a process list shows arguments to everybody.
    /// A file with the passphrase of the key or of the PKCS #12 file; - for the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The instant to judge at, as 2026-02-13 or 2026-02-13T12:00:00Z; now by default
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// A PEM file of trust anchors, or webpki or system; may be repeated; webpki by default
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Vec<String>,
    /// Language of the texts: en or zh-CN
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) lang: Language,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the chain as it would be served to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) write_chain: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::Cli;

    /// The examples of a command's help and of those below it, without what a shell makes of them.
    fn examples(command: &Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines =
            help.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
        found.extend(lines.filter_map(|line| line.find("certkeep ").map(|start| line[start..].to_owned())));
        command.get_subcommands().for_each(|command| examples(command, found));
    }

    #[test]
    fn examples_of_the_help_are_commands() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 20, "{found:#?}");
        for example in found {
            let words = ["  ", " | ", " > ", " >> "]
                .iter()
                .fold(example.as_str(), |line, end| line.split(end).next().unwrap_or(line));
            let parsed = Cli::command().try_get_matches_from(words.split(' '));
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }
}
