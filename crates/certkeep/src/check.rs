//! `certkeep check`: the verdict that a server would give, without one.

use std::{path::Path, process::ExitCode};

use cert_core::{Input, Passphrase, Report, ValidationPolicy};
use cert_service::SystemClock;
use zeroize::Zeroizing;

use crate::{
    cli::CheckArgs,
    config::trust,
    failure::Failure,
    files, output,
    report::{self, Style},
};

/// Prints the report; the exit code says whether it is accepted.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let given = Given::read(args)?;
    let policy = ValidationPolicy::new(trust::anchors(&args.trust)?);
    let at = args.at.unwrap_or_else(|| cert_service::now(&SystemClock));

    let report = given.input().inspect(&policy, at);
    let text = if args.json {
        report::to_json(&report, args.lang)?
    } else {
        report::render(&report, Style::detect(args.lang))
    };
    output::print(&text)?;
    if let Some(path) = &args.write_chain {
        write_chain(&report, path)?;
    }
    Ok(if report.accepted() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The contents of the files.
struct Given {
    chain: Zeroizing<Vec<u8>>,
    key: Option<Zeroizing<Vec<u8>>>,
    passphrase: Option<Passphrase>,
}

impl Given {
    fn read(args: &CheckArgs) -> Result<Self, Failure> {
        let files = [Some(&args.chain), args.key.as_ref(), args.passphrase_file.as_ref()];
        if files.into_iter().flatten().filter(|path| path.as_path() == Path::new("-")).count() > 1 {
            return Err(Failure::new("only one file can be - (the standard input)"));
        }
        let passphrase = args.passphrase_file.as_deref().map(files::read_secret).transpose()?;
        Ok(Self {
            chain: files::read_secret(&args.chain)?,
            key: args.key.as_deref().map(files::read_secret).transpose()?,
            passphrase: passphrase.map(|contents| Passphrase::from_file_contents(&contents)),
        })
    }

    fn input(&self) -> Input<'_> {
        let input = match &self.key {
            Some(key) => Input::pair(&self.chain, key),
            None => Input::of_file(&self.chain),
        };
        self.passphrase.iter().fold(input, Input::passphrase)
    }
}

fn write_chain(report: &Report, path: &Path) -> Result<(), Failure> {
    let chain = report
        .corrected_chain()
        .ok_or_else(|| Failure::new("there is no chain to write: no path to a trust anchor was found"))?;
    std::fs::write(path, chain).map_err(|error| Failure::file("write", path, &error))
}
