//! Opening a folder: its lock, what a crash may have left, and the version of its format.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use super::layout::{FORMAT, Key};
use crate::feed::FeedHead;

/// Why a folder cannot be opened as a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// sled refuses what is there.
    #[error("the store in {} does not open", folder.display())]
    Database {
        /// The folder.
        folder: PathBuf,
        /// What sled says.
        source: ::sled::Error,
    },
    /// The file system refuses.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process, or this one, has it open.
    #[error("the store in {} is open already: a folder can be open once", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The version on disk is not one that is read here.
    #[error("the store in {} has format {found}, but this program reads format {known}", folder.display())]
    Format {
        /// The folder.
        folder: PathBuf,
        /// The version on disk; 0 where it does not decode.
        found: u32,
        /// The version that is read here.
        known: u32,
    },
    /// The writer thread does not start.
    #[error("the writer thread does not start")]
    Thread(#[from] io::Error),
}

/// A folder under our lock: nobody else has it open.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes the folder at `path`, or makes it.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        make_folder(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock(path)? })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database in it, or makes it.
    pub(super) fn open(&self) -> Result<Database, OpenError> {
        let folder = self.path.as_path();
        let database_error = |source| OpenError::Database { folder: folder.to_owned(), source };
        remove_stale_snapshots(folder)?;
        wait_for_earlier_threads(folder)?;
        // The writer flushes; a second flusher in the background would only be in its way.
        let config = ::sled::Config::new().path(folder).flush_every_ms(None);
        let database = config.open().map_err(database_error)?;
        check_format(&database, folder)?;
        let path = folder.join("db");
        let data = File::open(&path).map_err(|source| OpenError::Io { path, source })?;
        Ok(Database { database, data })
    }

    /// Octets of the disk that are free for us.
    #[cfg(unix)]
    pub(super) fn free(&self) -> Result<u64, Arc<io::Error>> {
        let disk = rustix::fs::statvfs(&self.path).map_err(|error| Arc::new(error.into()))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Not known here: a disk that is full fails a write.
    #[cfg(not(unix))]
    pub(super) fn free(&self) -> Result<u64, Arc<io::Error>> {
        Ok(u64::MAX)
    }

    /// Whether a file can be written there, which a limit, a quota or a disk that fails may forbid.
    pub(super) fn takes_writes(&self) -> bool {
        let path = self.path.join("room");
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&vec![0; ROOM])?;
            file.sync_data()
        });
        let _ = fs::remove_file(&path);
        written.is_ok()
    }
}

/// Octets that a disk with room takes: a segment of sled's, twice.
const ROOM: usize = 1 << 20;

/// An open database.
pub(super) struct Database {
    database: ::sled::Db,
    /// The file that sled appends to, for syncing it.
    data: File,
}

impl Database {
    pub(super) fn tree(&self) -> &::sled::Tree {
        &self.database
    }

    /// Makes last what sled has. Its own flush only asks the kernel to start writing.
    pub(super) fn sync(&self) -> ::sled::Result<()> {
        self.database.flush()?;
        self.data.sync_data().map_err(::sled::Error::from)
    }
}

/// Sealed as the keys are, the folder is its owner's alone.
fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| OpenError::Io { path: folder.to_owned(), source })
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join("lock");
    let io_error = |source| OpenError::Io { path: path.clone(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// sled's own threads may hold its data file a moment longer than the database lives. Under our lock, nobody else
/// can.
fn wait_for_earlier_threads(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join("db");
    if !path.exists() {
        return Ok(());
    }
    let file = File::open(&path).map_err(|source| OpenError::Io { path: path.clone(), source })?;
    for _ in 0..PATIENCE.as_millis() {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            Err(TryLockError::Error(source)) => return Err(OpenError::Io { path, source }),
        }
    }
    Err(OpenError::Locked { folder: folder.to_owned() })
}

const PATIENCE: Duration = Duration::from_secs(5);

/// A crash while sled writes a snapshot leaves `snap.*.generating`, and sled then refuses to open. The file is of no
/// use: the snapshot before it and the log behind that are whole.
fn remove_stale_snapshots(folder: &Path) -> Result<(), OpenError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Io { path, source }
    };
    for entry in fs::read_dir(folder).map_err(io_error(folder))? {
        let path = entry.map_err(io_error(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path).map_err(io_error(&path))?;
        }
    }
    Ok(())
}

fn check_format(database: &::sled::Db, folder: &Path) -> Result<(), OpenError> {
    let database_error = |source| OpenError::Database { folder: folder.to_owned(), source };
    let key = Key::format();
    let Some(bytes) = database.get(key.as_bytes()).map_err(database_error)? else {
        let feed = postcard::to_stdvec(&FeedHead::new()).expect("three numbers can be encoded");
        let mut batch = ::sled::Batch::default();
        batch.insert(key.as_bytes(), &FORMAT.to_be_bytes());
        batch.insert(Key::feed().as_bytes(), feed);
        database.apply_batch(batch).map_err(database_error)?;
        return database.flush().map(|_| ()).map_err(database_error);
    };
    let found = <[u8; 4]>::try_from(&*bytes).map_or(0, u32::from_be_bytes);
    if found == FORMAT {
        Ok(())
    } else {
        Err(OpenError::Format { folder: folder.to_owned(), found, known: FORMAT })
    }
}
