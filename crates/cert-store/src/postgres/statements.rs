//! What is sent to the server: reads, and one function for each step.

use super::schema::Schema;

/// A statement, and what it is for.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: &'static str,
    pub(super) sql: String,
}

/// Makes the list of calls, so that each is named once.
macro_rules! calls {
    ($($name:ident: $sql:expr),+ $(,)?) => {
        /// All statements, in a schema.
        #[derive(Debug)]
        pub(super) struct Calls {
            $(pub(super) $name: Call),+
        }

        impl Calls {
            pub(super) fn new(schema: &Schema) -> Self {
                Self {
                    $($name: Call { operation: stringify!($name), sql: fill(schema, $sql) }),+
                }
            }

            pub(super) fn iter(&self) -> impl Iterator<Item = &Call> {
                [$(&self.$name),+].into_iter()
            }
        }
    };
}

calls! {
    bind: "select * from {schema}.bind_cert($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    bindings: "select {binding} from {schema}.cert_binding h
        join {schema}.binding b on b.kind = h.kind and b.domain = h.domain and b.slot = h.slot
        join {schema}.cert c on c.shard = b.shard and c.id = b.id
        where h.shard = $1 and h.id = $2 order by h.kind, h.domain, h.slot",
    bound: "select {binding} from {schema}.binding b
        join {schema}.cert c on c.shard = b.shard and c.id = b.id
        where b.kind = $1 and b.domain = $2 and b.slot = $3",
    bound_all: "select {binding} from {schema}.binding b
        join {schema}.cert c on c.shard = b.shard and c.id = b.id
        where (b.kind, b.domain, b.slot) > ($1, $2, $3) order by b.kind, b.domain, b.slot limit $4",
    bound_by: "select {binding} from {schema}.binding b
        join {schema}.cert c on c.shard = b.shard and c.id = b.id
        where b.owner = $1 and (b.kind, b.domain, b.slot) > ($2, $3, $4)
        order by b.kind, b.domain, b.slot limit $5",
    changes: "select pos, at, id, kind, domain, slot from {schema}.changes($1, $2, $3, $4)",
    claim: "select {schema}.claim($1, $2, $3)",
    claimed: "select value from {schema}.claim where name = $1",
    delete: "select * from {schema}.delete_cert($1, $2, $3, $4)",
    expiring: "select {summary}, exists (
            select from {schema}.cert_binding b where b.shard = c.shard and b.id = c.id
        ) from {schema}.cert c
        where c.not_after < $1 and (c.not_after, c.id) > ($2, $3) order by c.not_after, c.id limit $4",
    export_cert: "{entries} (select * from {schema}.cert where shard = $1 and id = $2) c {entry_parts}",
    export_certs: "{entries} (select * from {schema}.cert where id > $1 order by id limit $2) c {entry_parts}",
    export_claims: "select name, value from {schema}.claim where name > $1 order by name limit $2",
    export_retired: "select kek from {schema}.retired where kek > $1 order by kek limit $2",
    find: "select {summary} from {schema}.lookup l join {schema}.cert c on c.shard = l.shard and c.id = l.id
        where l.shard = $1 and l.owner = $2 and l.kind = $3 and l.value = $4 and l.id > $5
        order by l.id limit $6",
    find_covering: "select {summary} from (
            (select l.id from {schema}.lookup l where l.shard = $1 and l.owner = $2 and l.kind = 1
                and l.value = $3 and l.id > $5 order by l.id limit $6)
            union
            (select l.id from {schema}.lookup l where l.shard = $1 and l.owner = $2 and l.kind = 1
                and l.value = $4 and l.id > $5 order by l.id limit $6)
        ) l join {schema}.cert c on c.shard = $1 and c.id = l.id order by c.id limit $6",
    get: "select {summary}, c.chain, p.generation, p.common_name, {previous_leaf} from {schema}.cert c
        left join {schema}.previous p on p.shard = c.shard and p.id = c.id where c.shard = $1 and c.id = $2",
    head: "select {schema}.feed_epoch(), f.last from {schema}.feed f",
    import_cert: "select * from {schema}.import_cert(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    import_claim: "select * from {schema}.import_claim($1, $2)",
    import_retired: "select * from {schema}.import_retired($1)",
    insert: "select * from {schema}.insert_cert($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    move_binding: "select * from {schema}.move_binding($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    notify: "select pg_notify('{channel}', '')",
    number_changes: "select {schema}.number_changes($1)",
    page: "select {summary} from {schema}.cert c where c.shard = $1 and c.owner = $2 and c.id > $3
        order by c.id limit $4",
    prune: "select {schema}.prune($1)",
    renew_epoch: "update {schema}.feed set salt = gen_random_uuid() returning last",
    replace: "select * from {schema}.replace_cert($1, $2, $3, $4, $5, $6, $7)",
    retire: "select * from {schema}.retire($1)",
    rewrap: "select * from {schema}.rewrap($1, $2, $3, $4, $5, $6)",
    rollback: "select * from {schema}.rollback_cert($1, $2, $3, $4, $5, $6, $7)",
    sealed_key: "select k.sealed from {schema}.sealed_key k
        where k.shard = $1 and k.id = $2 and k.generation = $3",
    sealed_under: "select k.id, k.generation, c.owner,
            case when k.generation = c.generation then c.spki_sha256 else p.spki_sha256 end
        from {schema}.sealed_key k join {schema}.cert c on c.shard = k.shard and c.id = k.id
        left join {schema}.previous p on p.shard = k.shard and p.id = k.id
        where k.kek = $1 and (k.id, k.generation) > ($2, $3) order by k.id, k.generation limit $4",
    take_over: "select * from {schema}.take_over($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    totals: "select (select coalesce(sum(o.total), 0)::bigint from {schema}.owner o),
            (select count(*) from {schema}.binding)",
    unbind: "select * from {schema}.unbind($1, $2, $3, $4, $5, $6)",
    usage: "select o.total, o.live - (
            select count(*) from {schema}.cert c where c.shard = $1 and c.owner = $2
                and c.not_after > o.as_of and c.not_after <= $3
        ) from {schema}.owner o where o.shard = $1 and o.owner = $2",
}

/// Columns in the order in which `rows` reads them.
const LEAF: &str =
    "{c}.dns_names, {c}.cover_names, {c}.not_before, {c}.not_after, {c}.key_type, {c}.leaf_sha256,
    {c}.spki_sha256, {c}.serial, {c}.issuer";
const SUMMARY: &str =
    "c.id, c.owner, c.name, c.common_name, c.labels, c.created, c.generation, c.superseded_by";
const BINDING: &str =
    "b.kind, b.domain, b.slot, b.owner, b.id, c.generation, c.not_after, c.key_type, b.force_https, b.http2";

/// Whole entries, of some certificates.
const ENTRIES: &str =
    "select {summary}, c.chain, k.sealed, p.generation, p.common_name, {previous_leaf}, p.chain,
    pk.sealed, h.kinds, h.domains, h.slots, h.force_https, h.http2 from";
const ENTRY_PARTS: &str = "
    join {schema}.sealed_key k on k.shard = c.shard and k.id = c.id and k.generation = c.generation
    left join {schema}.previous p on p.shard = c.shard and p.id = c.id
    left join {schema}.sealed_key pk on pk.shard = p.shard and pk.id = p.id and pk.generation = p.generation
    left join lateral (
        select array_agg(b.kind order by b.kind, b.domain, b.slot) as kinds,
            array_agg(b.domain order by b.kind, b.domain, b.slot) as domains,
            array_agg(b.slot order by b.kind, b.domain, b.slot) as slots,
            array_agg(b.force_https order by b.kind, b.domain, b.slot) as force_https,
            array_agg(b.http2 order by b.kind, b.domain, b.slot) as http2
        from {schema}.cert_binding h
        join {schema}.binding b on b.kind = h.kind and b.domain = h.domain and b.slot = h.slot
        where h.shard = c.shard and h.id = c.id
    ) h on true
    order by c.id";

fn fill(schema: &Schema, sql: &str) -> String {
    let summary = format!("{SUMMARY}, {}", LEAF.replace("{c}", "c"));
    let sql = sql.replace("{entries}", ENTRIES).replace("{entry_parts}", ENTRY_PARTS);
    let sql = sql.replace("{summary}", &summary).replace("{binding}", BINDING);
    schema.fill(&sql.replace("{previous_leaf}", &LEAF.replace("{c}", "p")))
}
