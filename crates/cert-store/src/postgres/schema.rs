//! The schema of an installation: its tables and functions, from any version to this one.

use refinery_core::{Migration, Runner};
use tokio_postgres::{Client, error::SqlState};

use super::{config::PostgresConfigError, error::PostgresOpenError};

/// The name of a schema, quoted where it stands in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schema {
    name: String,
    quoted: String,
}

impl Schema {
    pub(super) fn new(name: &str) -> Result<Self, PostgresConfigError> {
        let is_fit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let starts_well = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        if !starts_well || name.len() > 48 || !name.bytes().all(is_fit) || name.starts_with("pg_") {
            return Err(PostgresConfigError(format!(
                "the schema is 1 to 48 of a-z, 0-9 and _, not `{}`",
                name.escape_debug()
            )));
        }
        Ok(Self { name: name.to_owned(), quoted: format!("\"{name}\"") })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.name
    }

    /// The channel on which nodes tell each other of writes.
    pub(super) fn channel(&self) -> String {
        format!("certkeep_{}", self.name)
    }

    /// SQL in which `{schema}` stands for the name.
    pub(super) fn fill(&self, sql: &str) -> String {
        sql.replace("{schema}", &self.quoted).replace("{channel}", &self.channel())
    }
}

/// How many partitions the tables of many rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partitions(u16);

impl Partitions {
    /// More would only cost: a plan that is not made for one call locks all of them.
    pub(super) fn new(partitions: u16) -> Result<Self, PostgresConfigError> {
        if (2..=16).contains(&partitions) {
            return Ok(Self(partitions));
        }
        Err(PostgresConfigError(format!("partitions are 2 to 16, not {partitions}")))
    }

    #[cfg(test)]
    pub(super) const fn get(self) -> u16 {
        self.0
    }
}

const HISTORY: &str = "{schema}.schema_history";

/// The first migrations by their versions. What depends on the layout comes after them, as a version of its own.
const TABLES_AND_STEPS: [(&str, &str); 13] = [
    ("V1__tables", include_str!("migrations/V1__tables.sql")),
    ("V2__parts_of_steps", include_str!("migrations/V2__parts_of_steps.sql")),
    ("V3__insert", include_str!("migrations/V3__insert.sql")),
    ("V4__replace", include_str!("migrations/V4__replace.sql")),
    ("V5__delete", include_str!("migrations/V5__delete.sql")),
    ("V6__bind", include_str!("migrations/V6__bind.sql")),
    ("V7__take_over", include_str!("migrations/V7__take_over.sql")),
    ("V8__move_binding", include_str!("migrations/V8__move_binding.sql")),
    ("V9__unbind", include_str!("migrations/V9__unbind.sql")),
    ("V10__sealing", include_str!("migrations/V10__sealing.sql")),
    ("V11__claim", include_str!("migrations/V11__claim.sql")),
    ("V12__feed", include_str!("migrations/V12__feed.sql")),
    ("V13__import", include_str!("migrations/V13__import.sql")),
];

/// The migrations after the layout.
const LATER: [(&str, &str); 4] = [
    ("V15__domain_owner", include_str!("migrations/V15__domain_owner.sql")),
    ("V16__labels_of_versions", include_str!("migrations/V16__labels_of_versions.sql")),
    ("V17__insert", include_str!("migrations/V17__insert.sql")),
    ("V18__feed", include_str!("migrations/V18__feed.sql")),
];

/// The version of the layout.
const LAYOUT: i32 = TABLES_AND_STEPS.len() as i32 + 1;

/// The version that this library knows.
const KNOWN: i32 = LAYOUT + LATER.len() as i32;

/// The tables that are partitioned, and what their rows want.
const BY_SHARD: [(&str, &str); 6] = [
    // Its rows are updated by every write: with room on the page, no index is touched.
    ("owner", "with (fillfactor = 50)"),
    ("cert", ""),
    ("previous", ""),
    ("sealed_key", ""),
    ("lookup", ""),
    ("cert_binding", ""),
];

/// What stands in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    version: i32,
    partitions: Option<Partitions>,
}

impl Installed {
    /// Looks, with no more rights than to read.
    pub(super) async fn find(
        client: &Client,
        schema: &Schema,
    ) -> Result<Option<Self>, tokio_postgres::Error> {
        let version = format!("select coalesce(max(version), 0) from {}", schema.fill(HISTORY));
        let version = match client.query_one(&version, &[]).await {
            Ok(row) => row.try_get(0)?,
            Err(error)
                if matches!(
                    error.code(),
                    Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME)
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let partitions = client
            .query_one(
                "select count(*) from pg_inherits i join pg_class c on c.oid = i.inhparent
                 join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'cert'",
                &[&schema.name],
            )
            .await?;
        let partitions: i64 = partitions.try_get(0)?;
        let partitions = (partitions > 0).then_some(Partitions(partitions as u16));
        Ok(Some(Self { version, partitions }))
    }

    pub(super) const fn is_partitioned(self) -> bool {
        self.partitions.is_some()
    }

    /// Refuses a version that this library does not know, or not yet.
    pub(super) const fn check(self) -> Result<Self, PostgresOpenError> {
        if self.version > KNOWN {
            return Err(PostgresOpenError::Newer { found: self.version, known: KNOWN });
        }
        if self.version < KNOWN {
            return Err(PostgresOpenError::Older { found: self.version, known: KNOWN });
        }
        Ok(self)
    }
}

/// Brings the schema to this version, from none or from any before. Of several at once, one works and the others wait.
pub(super) async fn migrate(
    client: &mut Client,
    schema: &Schema,
    partitions: Option<Partitions>,
) -> Result<Installed, PostgresOpenError> {
    let lock = format!("certkeep migration {}", schema.name);
    client.execute("select pg_advisory_lock(hashtextextended($1, 0))", &[&lock]).await?;
    let outcome = migrate_alone(client, schema, partitions).await;
    client.execute("select pg_advisory_unlock(hashtextextended($1, 0))", &[&lock]).await?;
    outcome
}

async fn migrate_alone(
    client: &mut Client,
    schema: &Schema,
    partitions: Option<Partitions>,
) -> Result<Installed, PostgresOpenError> {
    let installed = Installed::find(client, schema).await?;
    if let Some(installed) = installed.filter(|installed| installed.version >= KNOWN) {
        return installed.check();
    }
    let partitions = installed.map_or(partitions, |installed| installed.partitions);
    client.batch_execute(&schema.fill("create schema if not exists {schema}")).await?;
    let mut runner = Runner::new(&migrations(schema, partitions)?)
        .set_abort_divergent(true)
        .set_abort_missing(true)
        // All or nothing: a node that dies leaves no half of a version.
        .set_grouped(true);
    runner.set_migration_table_name(schema.fill(HISTORY));
    runner.run_async(client).await.map_err(|source| PostgresOpenError::Migration(Box::new(source)))?;
    Ok(Installed { version: KNOWN, partitions })
}

fn migrations(schema: &Schema, partitions: Option<Partitions>) -> Result<Vec<Migration>, PostgresOpenError> {
    let by_shard = partitions.map_or("", |_| "partition by range (shard)");
    let layout = (format!("V{LAYOUT}__layout"), layout(partitions));
    let named = |(name, sql): (&str, &str)| (name.to_owned(), sql.to_owned());
    let all = TABLES_AND_STEPS.into_iter().map(named).chain([layout]).chain(LATER.into_iter().map(named));
    all.map(|(name, sql)| Migration::unapplied(&name, &schema.fill(&sql).replace("{by_shard}", by_shard)))
        .collect::<Result<_, _>>()
        .map_err(|source| PostgresOpenError::Migration(Box::new(source)))
}

/// Settings of the tables, or their partitions.
fn layout(partitions: Option<Partitions>) -> String {
    let Some(Partitions(count)) = partitions else {
        return "alter table {schema}.owner set (fillfactor = 50);".to_owned();
    };
    let bound = |number: u16| u32::from(number) * SHARDS / u32::from(count);
    let mut sql = String::new();
    for (table, settings) in BY_SHARD {
        for number in 0..count {
            let (from, to) = (bound(number), bound(number + 1));
            sql.push_str(&format!(
                "create table {{schema}}.{table}_{number} partition of {{schema}}.{table}
                 for values from ({from}) to ({to}) {settings};\n"
            ));
        }
    }
    sql
}

const SHARDS: u32 = 4096;

/// Lets a role use the installation: rows, not tables.
pub(super) async fn grant(client: &Client, schema: &Schema, role: &str) -> Result<(), PostgresOpenError> {
    let quoted = client.query_one("select quote_ident($1)", &[&role]).await?;
    let role: String = quoted.try_get(0)?;
    let grants = schema.fill(
        "grant usage on schema {schema} to {role};
         grant select, insert, update, delete on all tables in schema {schema} to {role};
         grant usage on all sequences in schema {schema} to {role};
         grant execute on all functions in schema {schema} to {role};
         revoke insert, update, delete on {schema}.schema_history from {role};",
    );
    Ok(client.batch_execute(&grants.replace("{role}", &role)).await?)
}

#[cfg(test)]
mod tests {
    use refinery_core::Runner;
    use tokio_postgres::{Client, NoTls};

    use super::{HISTORY, Installed, KNOWN, LAYOUT, Partitions, Schema, migrate, migrations};

    async fn connect(url: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Two domains with both slots bound, one of them by two owners, as two binds at the same instant once could.
    const BOUND: &str = "
        insert into {schema}.binding values
            (0, 'a.example', 0, 'alice', 1, '\\x01', false, false),
            (0, 'a.example', 1, 'alice', 1, '\\x01', false, false),
            (0, 'b.example', 0, 'alice', 1, '\\x01', false, false),
            (0, 'b.example', 1, 'bob', 2, '\\x02', false, false)";

    #[test]
    fn an_older_schema_is_migrated_with_what_is_in_it() {
        let Some(url) = test_postgres::shared_url() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for partitions in [None, Some(Partitions::new(4).unwrap())] {
            let schema = Schema::new(&test_postgres::schema()).unwrap();
            runtime.block_on(async {
                let mut client = connect(&url).await;
                let older: Vec<_> = migrations(&schema, partitions).unwrap();
                let mut runner = Runner::new(&older[..LAYOUT as usize]).set_grouped(true);
                runner.set_migration_table_name(schema.fill(HISTORY));
                client.batch_execute(&schema.fill("create schema {schema}")).await.unwrap();
                runner.run_async(&mut client).await.unwrap();
                client.batch_execute(&schema.fill(BOUND)).await.unwrap();
                let found = Installed::find(&client, &schema).await.unwrap().unwrap();
                assert_eq!(found, Installed { version: LAYOUT, partitions });
                assert!(found.check().is_err());
                // What is asked for now changes nothing: the layout stays.
                let migrated = migrate(&mut client, &schema, None).await.unwrap();
                assert_eq!(migrated, Installed { version: KNOWN, partitions });
                let owners = schema.fill("select domain, owner from {schema}.domain_owner order by domain");
                let owners = client.query(&owners, &[]).await.unwrap();
                let owners: Vec<(&str, &str)> = owners.iter().map(|row| (row.get(0), row.get(1))).collect();
                assert_eq!(
                    owners,
                    [("a.example", "alice"), ("b.example", "bob")],
                    "the primary slot decides"
                );
            });
        }
    }
}
