//! What the tests need of the machine, and how a Debian gets it.

use std::process::Command;

use crate::command;

/// Debian packages and how to see that they are not needed any more.
struct Requirement {
    package: &'static str,
    is_met: fn() -> bool,
}

const REQUIREMENTS: [Requirement; 4] = [
    Requirement { package: "python3-venv", is_met: has_python_venv },
    Requirement { package: "postgresql", is_met: has_postgres },
    // Clients of other makes, for the tests of TLS.
    Requirement { package: "openssl curl", is_met: has_clients },
    // OpenSSL beside us in the benches, which the lints see too.
    Requirement { package: "libssl-dev pkg-config", is_met: has_openssl },
];

/// Installs what is missing where that is possible, and names it where it is not.
pub(crate) fn prepare(offline: bool) -> Result<(), String> {
    let missing: Vec<_> =
        REQUIREMENTS.iter().filter(|requirement| !(requirement.is_met)()).map(|r| r.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if offline || !is_root() || !command::succeeds(Command::new("apt-get").arg("--version")) {
        return Err(format!(
            "this machine lacks what some tests need; install: {list}\n  as root: apt-get install {list}"
        ));
    }
    command::run(Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "--yes", "--no-install-recommends"]);
    command::run(install.args(list.split(' ')))?;
    match REQUIREMENTS.iter().find(|requirement| !(requirement.is_met)()) {
        None => Ok(()),
        Some(unmet) => Err(format!("{} is installed and still not usable", unmet.package)),
    }
}

fn has_python_venv() -> bool {
    command::succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

/// Debian keeps the server's programs out of the search path, one folder a version.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
        || command::succeeds(Command::new("initdb").arg("--version"))
}

fn has_clients() -> bool {
    let answers = |program, argument| command::succeeds(Command::new(program).arg(argument));
    answers("openssl", "version") && answers("curl", "--version")
}

fn has_openssl() -> bool {
    command::succeeds(Command::new("pkg-config").args(["--exists", "openssl"]))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
