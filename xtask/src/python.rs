//! Python environments with what tests drive the server through, under the target folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::command;

/// What an environment holds, pinned: the package and everything that it pulls in.
struct Environment {
    folder: &'static str,
    packages: &'static [&'static str],
    /// A line that only runs where the package is installed.
    proof: &'static str,
}

const SDK: Environment = Environment {
    folder: "python-sdk",
    packages: &[
        "qiniu==7.18.0",
        "requests==2.34.2",
        "certifi==2026.10.18",
        "charset-normalizer==3.5.2",
        "idna==3.20",
        "urllib3==2.8.0",
    ],
    proof: "import qiniu",
};

const SCHEMATHESIS: Environment = Environment {
    folder: "python-schemathesis",
    packages: &[
        "schemathesis==4.32.5",
        "hypothesis==6.170.17",
        "requests==2.34.2",
        "jsonschema_rs==0.60.3",
        "pytest==9.2.0",
        "Werkzeug==3.1.9",
    ],
    proof: "import schemathesis",
};

/// The interpreter with the provider's official SDK.
pub(crate) fn with_sdk() -> Result<PathBuf, String> {
    SDK.interpreter()
}

/// The program that makes up requests from an API's description.
pub(crate) fn schemathesis() -> Result<PathBuf, String> {
    SCHEMATHESIS.interpreter().map(|python| python.with_file_name("schemathesis"))
}

impl Environment {
    /// The interpreter of the environment, which is made unless it is there already.
    fn interpreter(&self) -> Result<PathBuf, String> {
        let folder = command::target().join(self.folder);
        let python = folder.join("bin/python");
        let marker = folder.join("complete");
        let wanted = self.packages.join("\n");
        if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) && self.is_proven(&python) {
            return Ok(python);
        }
        command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command::run(install.args(self.packages))?;
        // Last, so that an interrupted installation is begun again.
        fs::write(&marker, wanted).map_err(|error| format!("cannot write {}: {error}", marker.display()))?;
        Ok(python)
    }

    fn is_proven(&self, python: &Path) -> bool {
        command::succeeds(Command::new(python).args(["-c", self.proof]))
    }
}
