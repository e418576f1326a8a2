//! `certkeep migrate`, from one backend to another and back, killed in the middle.

use std::{
    env,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use cert_store::{
    BindOptions, CertStore, Generation, PostgresConfig, PostgresStore, Quota, SledStore, StoreDigest, Target,
    conformance::{Sample, now, owner},
};

/// How many certificates are migrated: a few for a quick run, `CERTKEEP_TEST_CERTIFICATES` for a long one.
fn certificates() -> u64 {
    env::var("CERTKEEP_TEST_CERTIFICATES").map_or(1_000, |number| number.parse().expect("it is a number"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

/// Certificates of ten owners; every third is bound, every fourth has a second version.
async fn fill(store: Arc<SledStore>, certificates: u64) {
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in (task..certificates).step_by(16) {
                    put(&*store, number, certificates).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("nothing fails");
    }
}

async fn put(store: &dyn CertStore, number: u64, certificates: u64) {
    let sample =
        Sample::new(&owner(&format!("owner {}", number % 10)), number).label("number", &number.to_string());
    sample.insert(store).await;
    let mut generation = 1;
    if number.is_multiple_of(4) {
        let domain = format!("n{number}.example.com");
        let newer = Sample::new(&sample.owner, number + certificates).names(&[&domain, "newer.example.com"]);
        generation = sample.replace_by(&newer, 1, store).await.0;
    }
    if number.is_multiple_of(3) {
        let target = Target::cdn(format!("n{number}.example.com").parse().expect("it is a name"));
        let options = BindOptions { force_https: number.is_multiple_of(2), http2: true };
        let bound =
            store.bind(sample.id(), &sample.owner, Generation(generation), &target, options, now()).await;
        bound.expect("the domain is free");
    }
}

fn migrate(from: &str, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certkeep"));
    command.args(["migrate", from, to]);
    command
}

fn stdout(output: &Output) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout.into_owned()
}

fn digest_of_sled(folder: &Path) -> StoreDigest {
    let store = SledStore::open(folder).expect("the folder opens");
    block_on(StoreDigest::of(&store)).expect("it reads")
}

#[test]
fn to_postgres_and_back_killed_in_the_middle() {
    let Some(url) = test_postgres::shared_url() else { return };
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let (source, back) = (folder.path().join("source"), folder.path().join("back"));
    let certificates = certificates();
    block_on(fill(Arc::new(SledStore::open(&source).expect("the folder opens")), certificates));
    let digest = digest_of_sled(&source);
    let postgres = format!("{url}?schema={}", test_postgres::schema());
    let [from, to] = [&source, &back].map(|folder| format!("sled:{}", folder.display()));

    let mut first = migrate(&from, &postgres).stdout(Stdio::null()).spawn().expect("it starts");
    let config: PostgresConfig = postgres.parse().expect("the URL parses");
    let arrived = block_on(async {
        let store = loop {
            // It is installed by the command.
            match PostgresStore::open(&config.clone().without_migrating()).await {
                Ok(store) => break store,
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        while store.totals().await.expect("it reads").certificates < certificates / 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        first.kill().expect("it runs");
        first.wait().expect("it ends");
        store.totals().await.expect("it reads").certificates
    });
    assert!(arrived < certificates, "killed too late: {arrived}");

    let there = stdout(&migrate(&from, &postgres).output().expect("it starts"));
    let back_again = stdout(&migrate(&postgres, &to).output().expect("it starts"));
    for printed in [&there, &back_again] {
        assert!(printed.contains(&digest.sha256.to_string()), "{printed}");
        assert!(printed.starts_with(&format!("{} entries", digest.entries)), "{printed}");
    }
    assert_eq!(digest_of_sled(&back), digest);
    // It is a store like any other: one more goes in.
    let store = SledStore::open(&back).expect("the folder opens");
    let more = Sample::new(&owner("owner 1"), 10 * certificates).new_cert();
    block_on(store.insert(more, Quota::UNLIMITED, now())).expect("there is room");
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let [from, to] = [&one, &other].map(|folder| format!("sled:{}", folder.display()));
    block_on(async {
        let (one, other) = (SledStore::open(&one), SledStore::open(&other));
        Sample::new(&owner("alice"), 1).insert(&one.expect("the folder opens")).await;
        Sample::new(&owner("alice"), 2).insert(&other.expect("the folder opens")).await;
    });
    for (from, to, said) in [
        (from.as_str(), to.as_str(), "migrate into an empty store"),
        ("memory:", &to, "nothing to migrate"),
        ("mysql://u:sesame@h", &to, "store must be"),
        (&from, "postgres://u:sesame@%2Fnonexistent/d", "no usable Postgres server"),
    ] {
        let output = migrate(from, to).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said) && !stderr.contains("sesame"), "{stderr}");
    }
}
