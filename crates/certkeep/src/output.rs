//! The standard output.

use std::io::{self, Write as _};

use serde_json::Value;

use crate::failure::Failure;

/// Prints a text as it is. Where nobody reads on (`| head`), the program ends there, and well.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(format!("cannot write to the standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Prints a server's answer as it is, or what it means.
pub(crate) fn answer(json: bool, answer: &Value, said: String) -> Result<(), Failure> {
    print(&(if json { answer.to_string() } else { said } + "\n"))
}
