//! A disk that fills: a file system in memory that only the server sees, in a mount namespace of its own. That takes no
//! privileges where users may make namespaces, and leaves nothing behind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::program;

/// What of a server is on the small disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSmallDisk {
    /// The tables and indexes that are made once it runs.
    Tables,
    /// The write-ahead log.
    Wal,
}

/// How large the disk is, and how much of that is taken until [`make_room`].
const SIZE: &str = "24m";
const BALLAST: &str = "8m";

/// Whether there can be one here; if not, that is said on standard error.
pub fn small_disks_are_possible() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut mount = unshare();
    mount.args(["sh", "-c", "mount -t tmpfs tmpfs \"$0\""]).arg(folder.path());
    let is_possible = mount.output().is_ok_and(|output| output.status.success());
    if !is_possible {
        eprintln!("skipped: this user may not mount a file system, not even in a namespace of its own");
    }
    is_possible
}

/// Starts the program that is added to it with a disk of 100 MB at `folder`, of which `ballast`, a file there, takes 20.
pub fn with_small_disk(folder: &Path, ballast: &Path) -> Command {
    let mut command = unshare();
    command.args(["sh", "-c", "mount -t tmpfs -o \"size=$3\" tmpfs \"$1\" && head -c \"$4\" /dev/zero > \"$2\" && shift 4 && exec \"$@\""]);
    command.arg("small-disk").arg(folder).arg(ballast).args(["100m", "20m"]);
    command
}

/// The server's program as its supervisor starts it: with the disk at `small` in its folder, and again whenever it ends
/// by itself, as an init system would.
pub(crate) fn command(folder: &Path, what: OnSmallDisk, server: &Command) -> Command {
    fs::create_dir_all(mount_point(folder)).expect("the folder can be written");
    let mut command = unshare();
    command.args(["sh", "-c", RUN, "small-disk"]).arg(folder);
    command.args([SIZE, BALLAST, if what == OnSmallDisk::Wal { "wal" } else { "tables" }]);
    if !program::is_root() {
        // Root of the namespace is not to run the server, either.
        command.args(["unshare", "--user", "--map-user=1000", "--map-group=1000"]);
    }
    command.arg(server.get_program()).args(server.get_args());
    command
}

/// Where tables on the disk go.
pub(crate) fn tables(folder: &Path) -> PathBuf {
    mount_point(folder).join("tables")
}

/// Frees a part of the disk.
pub(crate) fn make_room(folder: &Path) {
    fs::write(folder.join("room"), "").expect("the folder can be written");
}

fn mount_point(folder: &Path) -> PathBuf {
    folder.join("small")
}

fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount");
    if !program::is_root() {
        unshare.arg("--map-root-user");
    }
    unshare
}

const RUN: &str = r#"
folder=$1 size=$2 ballast=$3 what=$4; shift 4
small=$folder/small wal=$folder/data/pg_wal
mount -t tmpfs -o "size=$size,mode=0777" tmpfs "$small" || exit 1
head -c "$ballast" /dev/zero > "$small/ballast"
mkdir "$small/tables"
if [ "$what" = wal ]; then
    cp -a "$wal" "$small/wal" && rm -r "$wal" && ln -s "$small/wal" "$wal"
fi
chown --reference="$folder/data" "$small/tables"
(while [ -d "$folder" ] && [ ! -e "$folder/room" ]; do sleep 0.1; done; rm -f "$small/ballast") &
trap 'kill -QUIT $server; wait $server; exit' TERM
while :; do
    "$@" & server=$!
    wait $server
    sleep 0.1
done
"#;
