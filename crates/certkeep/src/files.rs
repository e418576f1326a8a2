//! Files that only their owner may read.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Creates a folder of mode 0700, unless it is there.
pub(crate) fn create_private_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Failure::file("create", path, &error))
}

/// Writes a file of mode 0600, and replaces one that is there.
pub(crate) fn write_private(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let written = remove_if_there(path).and_then(|()| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(contents)?;
        file.sync_all()
    });
    written.map_err(|error| Failure::file("write", path, &error))
}

/// The contents of a file that may hold a secret; `-` is the standard input.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut contents = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        io::stdin().take(MAX_INPUT).read_to_end(&mut contents)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_end(&mut contents))
    };
    read.map_err(|error| Failure::file("read", path, &error))?;
    Ok(contents)
}

/// The one line of a file that holds a secret, without what an editor puts behind it.
pub(crate) fn read_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let contents = read_secret(path)?;
    let text = std::str::from_utf8(&contents)
        .map_err(|_| Failure::new(format!("{} is not text", path.display())))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

/// Far above what is judged, so that the verdict can say what the limit is.
const MAX_INPUT: u64 = 16 * 1024 * 1024;

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
