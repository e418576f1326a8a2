//! `certkeep completion` and `certkeep man`: what the command line knows of itself, for shells and for `man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{cli::Cli, failure::Failure, output};

#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep completion bash > /etc/bash_completion.d/certkeep
  certkeep completion zsh > ~/.zfunc/_certkeep
  certkeep completion fish > ~/.config/fish/completions/certkeep.fish")]
pub(crate) struct CompletionArgs {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  certkeep man | man -l -
  certkeep man /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints the completion.
pub(crate) fn completion(args: &CompletionArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

/// Prints the page, or writes all of them.
pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    match &args.folder {
        Some(folder) => clap_mangen::generate_to(Cli::command(), folder)
            .map_err(|error| Failure::file("write the manual pages into", folder, &error)),
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut text)
                .map_err(|error| Failure::new(format!("cannot render the manual page: {error}")))?;
            output::print(&String::from_utf8_lossy(&text))
        }
    }
}

const NAME: &str = "certkeep";
