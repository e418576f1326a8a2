//! The Postgres backend's own: its schema, its roles, and the connections of others.

use std::{sync::Arc, time::Duration};

use cert_store::{
    CertStore, PageSize, PostgresConfig, PostgresOpenError, PostgresStore, Quota, StoreDigest, StoreError,
    conformance::{Sample, now, owner},
};
use tokio_postgres::NoTls;

/// A schema of its own on the server of this process; `None` where there is no server and none is required.
fn config() -> Option<PostgresConfig> {
    let config: PostgresConfig = test_postgres::shared_url()?.parse().expect("the URL parses");
    Some(config.in_schema(&test_postgres::schema()).expect("the schema's name is fit"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

/// A connection beside the store, as the user of the URL.
async fn sql(statements: &str) {
    let url = test_postgres::shared_url().expect("there is a server");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("the server answers");
    tokio::spawn(connection);
    client.batch_execute(statements).await.expect("the statements run");
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let Some(config) = config() else { return };
    block_on(async {
        PostgresStore::open(&config).await.unwrap();
        sql(&format!(
            "insert into {}.schema_history values (99, 'later', '2030-01-01T00:00:00Z', '1')",
            config.schema()
        ))
        .await;
        for config in [config.clone(), config.without_migrating()] {
            let refused = PostgresStore::open(&config).await.unwrap_err();
            assert!(
                matches!(refused, PostgresOpenError::Newer { found: 99, known } if known < 99),
                "{refused}"
            );
        }
    });
}

#[test]
fn a_changed_migration_is_refused() {
    let Some(config) = config() else { return };
    block_on(async {
        PostgresStore::open(&config).await.unwrap();
        // As if the last migration had not run yet, and the first had been another.
        let schema = config.schema();
        sql(&format!(
            "delete from {schema}.schema_history where version = (select max(version) from {schema}.schema_history);
             update {schema}.schema_history set checksum = '1' where version = 1"
        ))
        .await;
        let refused = PostgresStore::open(&config).await.unwrap_err();
        assert!(matches!(refused, PostgresOpenError::Migration(_)), "{refused}");
    });
}

#[test]
fn many_nodes_may_start_at_once() {
    let Some(config) = config() else { return };
    block_on(async {
        let config = Arc::new(config);
        let nodes: Vec<_> = (0..8)
            .map(|_| {
                let config = Arc::clone(&config);
                tokio::spawn(async move { PostgresStore::open(&config).await })
            })
            .collect();
        for (number, node) in (0..).zip(nodes) {
            let store = node.await.unwrap().unwrap();
            Sample::new(&owner("alice"), number).insert(&store).await;
        }
        let store = PostgresStore::open(&config).await.unwrap();
        assert_eq!(store.page(&owner("alice"), None, PageSize::MAX).await.unwrap().len(), 8);
    });
}

#[test]
fn every_number_of_partitions_that_is_allowed_can_be_installed() {
    let Some(config) = config() else { return };
    assert!(config.clone().partitioned(1).is_err() && config.clone().partitioned(17).is_err());
    block_on(async {
        for partitions in [2, 3, 15, 16] {
            let config = config.clone().in_schema(&test_postgres::schema()).unwrap();
            let store = PostgresStore::open(&config.partitioned(partitions).unwrap()).await.unwrap();
            // Owners lie in all of them.
            for number in 0..64 {
                let owner = owner(&format!("owner {number}"));
                Sample::new(&owner, number).insert(&store).await;
                assert_eq!(store.page(&owner, None, PageSize::MAX).await.unwrap().len(), 1);
            }
        }
    });
}

#[test]
fn a_service_needs_no_right_to_make_tables() {
    let Some(config) = config() else { return };
    block_on(async {
        let role = config.schema().to_owned();
        sql(&format!("create role {role} login nosuperuser")).await;
        let url = test_postgres::shared_url().unwrap().replace("postgres@", &format!("{role}@"));
        let service: PostgresConfig = url.parse().unwrap();
        let service = service.in_schema(&role).unwrap().without_migrating();
        let refused = PostgresStore::open(&service).await.unwrap_err();
        assert!(
            matches!(&refused, PostgresOpenError::NotInstalled { schema } if *schema == role),
            "{refused}"
        );
        PostgresStore::install(&config, Some(&role)).await.unwrap();
        let store = PostgresStore::open(&service).await.unwrap();
        // A call of each kind of right.
        let start = store.head().await.unwrap();
        let sample = Sample::new(&owner("alice"), 1);
        sample.insert(&store).await;
        assert_eq!(store.changes(start, PageSize::MAX).await.unwrap().len(), 1);
        StoreDigest::of(&store).await.unwrap();
        store.delete_if_unbound(sample.id(), &sample.owner, now()).await.unwrap();
        sql(&format!("drop schema {role} cascade; drop role {role}")).await;
    });
}

#[test]
fn an_embedder_s_pool_is_used() {
    let Some(config) = config() else { return };
    block_on(async {
        let pool = pool("");
        // Tables of the embedder's, whose names are ours too.
        sql("create table if not exists public.cert (x int); create table if not exists public.schema_history (x int)")
            .await;
        let store =
            PostgresStore::on_pool(pool, config.schema(), true, Duration::from_secs(5)).await.unwrap();
        let id = Sample::new(&owner("alice"), 1).insert(&store).await;
        let other = PostgresStore::open(&config).await.unwrap();
        assert_eq!(other.get(id).await.unwrap().summary.id, id);
    });
}

#[test]
fn steps_refuse_to_decide_under_another_isolation() {
    let Some(config) = config() else { return };
    block_on(async {
        let pool = pool("-c default_transaction_isolation=serializable");
        let store =
            PostgresStore::on_pool(pool, config.schema(), true, Duration::from_secs(5)).await.unwrap();
        let refused = store.insert(Sample::new(&owner("alice"), 1).new_cert(), Quota::UNLIMITED, now()).await;
        let Err(StoreError::Unavailable { source, .. }) = refused else { panic!("{refused:?}") };
        assert!(format!("{source:?}").contains("READ COMMITTED"), "{source:?}");
        assert!(store.page(&owner("alice"), None, PageSize::MAX).await.unwrap().is_empty());
    });
}

/// Connections of an embedder's, with these options.
fn pool(options: &str) -> deadpool_postgres::Pool {
    let mut session: tokio_postgres::Config =
        test_postgres::shared_url().expect("there is a server").parse().expect("the URL parses");
    session.options(options);
    let manager = deadpool_postgres::Manager::new(session, NoTls);
    deadpool_postgres::Pool::builder(manager).max_size(4).build().expect("the pool has no time-outs")
}

#[test]
fn texts_with_any_character_come_back() {
    let Some(config) = config() else { return };
    block_on(async {
        let store = PostgresStore::open(&config).await.unwrap();
        let mut cert = Sample::new(&owner("o'ne\"; drop"), 1).label("k=\u{e9}", "").new_cert();
        cert.name = "nul \0, \u{1}, \u{1}0, {schema}, \u{1f512}".to_owned();
        cert.leaf.dns_names.push("\0".to_owned());
        let stored = store.insert(cert.clone(), Quota::UNLIMITED, now()).await.unwrap();
        let record = store.get(stored.id).await.unwrap();
        assert_eq!((&record.summary.name, &record.summary.leaf), (&cert.name, &cert.leaf));
        assert!(store.insert(cert, Quota::UNLIMITED, now()).await.unwrap().existing);
    });
}

#[test]
fn a_server_that_is_not_there_is_named() {
    block_on(async {
        let config: PostgresConfig = "postgres://u@%2Fnonexistent/d".parse().unwrap();
        let refused = PostgresStore::open(&config).await.unwrap_err();
        assert!(matches!(refused, PostgresOpenError::Connect(_)), "{refused}");
        let config: PostgresConfig = "postgres://u@localhost/d?sslrootcert=/nonexistent".parse().unwrap();
        let refused = PostgresStore::open(&config).await.unwrap_err();
        assert!(
            matches!(&refused, PostgresOpenError::TrustAnchors { path, .. } if path == "/nonexistent"),
            "{refused}"
        );
    });
}

#[test]
fn a_server_s_certificate_is_verified() {
    if !test_postgres::is_available() {
        return;
    }
    let certified = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        rcgen::generate_simple_self_signed(names).unwrap()
    };
    let (server, other) = (certified(&["localhost"]), certified(&["localhost"]));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = [
        "ssl=on",
        "ssl_cert_file=../cert.pem",
        "ssl_key_file=../key.pem",
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
    ];
    let files = [("cert.pem", server.cert.pem()), ("key.pem", server.signing_key.serialize_pem())];
    let files: Vec<_> = files.iter().map(|(name, content)| (*name, content.as_str())).collect();
    let _running = test_postgres::Server::start_with_files(&settings, &files);
    let folder = tempfile::TempDir::new().unwrap();
    let anchor = |certificate: &rcgen::Certificate, name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, certificate.pem()).unwrap();
        path.display().to_string()
    };
    block_on(async {
        let open = async |host: &str, anchor: &str| {
            let url =
                format!("postgres://postgres@{host}:{port}/postgres?sslmode=require&sslrootcert={anchor}");
            PostgresStore::open(&url.parse().unwrap()).await
        };
        let (right, wrong) = (anchor(&server.cert, "right"), anchor(&other.cert, "wrong"));
        let store = open("localhost", &right).await.unwrap();
        Sample::new(&owner("alice"), 1).insert(&store).await;
        for (host, anchor) in [("localhost", &wrong), ("127.0.0.1", &right)] {
            let refused = open(host, anchor).await.unwrap_err();
            assert!(matches!(refused, PostgresOpenError::Connect(_)), "{host}: {refused}");
        }
    });
}
