//! Which server a command speaks to, and as whom.

use std::path::PathBuf;

use cert_core::Language;
use clap::Args;
use zeroize::Zeroizing;

use crate::{failure::Failure, files};

#[derive(Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The server
    #[arg(long, env = "CERTKEEP_URL", default_value = "http://127.0.0.1:8080", global = true)]
    pub(crate) url: String,
    /// The access key
    #[arg(long, env = "CERTKEEP_ACCESS_KEY", hide_env_values = true, default_value = "", global = true)]
    pub(crate) access_key: String,
    // The key itself from the environment only: a process list shows arguments to everybody.
    /// A file with the secret key; without it, CERTKEEP_SECRET_KEY is the key
    #[arg(long, env = "CERTKEEP_SECRET_KEY_FILE", value_name = "FILE", global = true)]
    secret_key_file: Option<PathBuf>,
    /// The owner whom an operator acts for
    #[arg(long, env = "CERTKEEP_OWNER", global = true)]
    pub(crate) owner: Option<String>,
    /// Language of the server's texts: en or zh-CN
    #[arg(long, value_name = "TAG", default_value = "en", global = true)]
    pub(crate) lang: Language,
    /// Print the server's answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl ServerArgs {
    /// The secret key; empty where none is given.
    pub(crate) fn secret_key(&self) -> Result<Zeroizing<String>, Failure> {
        match &self.secret_key_file {
            Some(path) => files::read_line(path),
            None => Ok(Zeroizing::new(std::env::var("CERTKEEP_SECRET_KEY").unwrap_or_default())),
        }
    }
}
