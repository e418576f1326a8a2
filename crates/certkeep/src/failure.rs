//! Why a command ends without having done what it should.

use std::{fmt, path::Path, process::ExitCode};

/// What went wrong, where, and what to do, as people read it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The command could not run.
    Broken,
    /// It ran, and the answer is no.
    Refused,
}

impl Failure {
    /// The command could not run: exit code 2.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { kind: Kind::Broken, message: message.into() }
    }

    /// The server said no: exit code 1.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { kind: Kind::Refused, message: message.into() }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// Whether the command ran, and the answer is no.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::Refused)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::Broken => ExitCode::from(2),
            Kind::Refused => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
