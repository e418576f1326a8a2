//! A Python environment with the provider's official SDK, under the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::command;

/// What the environment holds, pinned: the SDK and everything that it pulls in.
const PACKAGES: [&str; 6] = [
    "qiniu==7.18.0",
    "requests==2.34.2",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "idna==3.20",
    "urllib3==2.8.0",
];

/// The interpreter of the environment, which is made unless it is there already.
pub(crate) fn interpreter() -> Result<PathBuf, String> {
    let folder = command::target().join("python-sdk");
    let python = folder.join("bin/python");
    let marker = folder.join("complete");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) && answers(&python) {
        return Ok(python);
    }
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command::run(install.args(PACKAGES))?;
    // Last, so that an interrupted installation is begun again.
    fs::write(&marker, wanted).map_err(|error| format!("cannot write {}: {error}", marker.display()))?;
    Ok(python)
}

fn answers(python: &Path) -> bool {
    command::succeeds(Command::new(python).args(["-c", "import qiniu"]))
}
