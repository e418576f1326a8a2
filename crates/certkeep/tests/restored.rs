//! What a restored backup does to those who follow the store's changes, and what `certkeep restored` does about it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use cert_store::{
    CertStore, FeedMarker, PageSize, PostgresStore, SledStore, StoreError,
    conformance::{Sample, owner},
};

fn restored(store: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_certkeep")).args(["restored", store]).status().unwrap();
    assert!(status.success());
}

async fn write(store: &dyn CertStore, numbers: std::ops::Range<u64>) {
    for number in numbers {
        Sample::new(&owner("alice"), number).insert(store).await;
    }
}

async fn reads(store: &dyn CertStore, marker: FeedMarker) -> Result<usize, StoreError> {
    store.changes(marker, PageSize::MAX).await.map(|events| events.len())
}

/// A reader stands behind change 5; the backup has three, and then others are written.
async fn follow_over_a_restore(store: &dyn CertStore, marker: FeedMarker) {
    assert!(matches!(reads(store, marker).await, Err(StoreError::MarkerTooOld)), "it is behind the end");
    write(store, 10..14).await;
    assert_eq!(reads(store, marker).await.unwrap(), 2, "changes 4 and 5 are others now, and are missed");
}

#[tokio::test]
async fn a_restored_folder_is_followed_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (path, backup) = (folder.path().join("store"), folder.path().join("backup"));
    {
        let store = SledStore::open(&path).unwrap();
        write(&store, 0..3).await;
    }
    copy(&path, &backup);
    let marker = {
        let store = SledStore::open(&path).unwrap();
        write(&store, 3..5).await;
        store.head().await.unwrap()
    };
    fs::remove_dir_all(&path).unwrap();
    copy(&backup, &path);
    {
        let store = SledStore::open(&path).unwrap();
        follow_over_a_restore(&store, marker).await;
    }
    restored(&format!("sled:{}", path.display()));
    let store = SledStore::open(&path).unwrap();
    assert!(matches!(reads(&store, marker).await, Err(StoreError::MarkerTooOld)), "the reader starts again");
    assert_eq!(store.totals().await.unwrap().certificates, 7);
}

#[tokio::test]
async fn a_restored_dump_is_followed_from_the_start() {
    if !test_postgres::is_available() {
        return;
    }
    let server = test_postgres::Server::start(&["fsync=off"]);
    let url = server.url();
    let dump = {
        let store = PostgresStore::open(&url.parse().unwrap()).await.unwrap();
        write(&store, 0..3).await;
        // Numbers what has been written, as reading does.
        store.changes(store.head().await.unwrap(), PageSize::MAX).await.unwrap();
        let dump = tool(&server, "pg_dump", &["--schema=certkeep"]).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        dump.stdout
    };
    let marker = {
        let store = PostgresStore::open(&url.parse().unwrap()).await.unwrap();
        write(&store, 3..5).await;
        let mut marker = store.head().await.unwrap();
        while let Some(last) = store.changes(marker, PageSize::MAX).await.unwrap().last() {
            marker = last.marker;
        }
        marker
    };
    server.sql("drop schema certkeep cascade");
    let mut restore = tool(&server, "psql", &["--quiet", "--no-psqlrc"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut restore.stdin.take().unwrap(), &dump).unwrap();
    assert!(restore.wait().unwrap().success());
    {
        let store = PostgresStore::open(&url.parse().unwrap()).await.unwrap();
        follow_over_a_restore(&store, marker).await;
    }
    restored(&url);
    let store = PostgresStore::open(&url.parse().unwrap()).await.unwrap();
    assert!(matches!(reads(&store, marker).await, Err(StoreError::MarkerTooOld)), "the reader starts again");
    assert_eq!(store.totals().await.unwrap().certificates, 7);
}

fn tool(server: &test_postgres::Server, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .arg("--host")
        .arg(server.socket_folder())
        .args(["--username=postgres", "postgres"]);
    command
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
