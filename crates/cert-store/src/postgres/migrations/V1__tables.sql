-- `{schema}` is the schema of the installation, `{by_shard}` how tables of many rows are partitioned, if they are.
-- Instants are seconds since 1970, ids are 12 bytes, and a shard is the number that an id and an owner both name.
-- Texts are compared by their bytes (collation "C"), so that lists have the order that the contract promises.

-- The counters that make a quota exact. `live` was right at `as_of`; certificates expire without anybody counting.
create table {schema}.owner (
    shard smallint not null,
    owner text collate "C" not null,
    live bigint not null,
    total bigint not null,
    as_of bigint not null,
    primary key (shard, owner)
) {by_shard};

create table {schema}.cert (
    shard smallint not null,
    id bytea not null,
    owner text collate "C" not null,
    name text not null,
    -- Key, value, key, value.
    labels text[] not null,
    created bigint not null,
    superseded_by bytea,
    generation bigint not null,
    common_name text not null,
    dns_names text[] not null,
    cover_names text[] not null,
    not_before bigint not null,
    not_after bigint not null,
    key_type integer not null,
    leaf_sha256 bytea not null,
    spki_sha256 bytea not null,
    serial bytea not null,
    issuer bytea not null,
    -- SHA-256 of common name and chain: what makes two versions the same.
    content bytea not null,
    chain bytea[] not null,
    primary key (shard, id),
    check (octet_length(id) = 12 and shard = get_byte(id, 6) * 16 + get_byte(id, 7) / 16)
) {by_shard};

-- DER does not compress, and a page must not pay for chains.
alter table {schema}.cert alter column chain set storage external;
create index on {schema}.cert (id);
create index on {schema}.cert (shard, owner, id);
create index on {schema}.cert (shard, owner, not_after);
create index on {schema}.cert (not_after, id);

-- The version that a rollback brings back.
create table {schema}.previous (
    shard smallint not null,
    id bytea not null,
    generation bigint not null,
    common_name text not null,
    dns_names text[] not null,
    cover_names text[] not null,
    not_before bigint not null,
    not_after bigint not null,
    key_type integer not null,
    leaf_sha256 bytea not null,
    spki_sha256 bytea not null,
    serial bytea not null,
    issuer bytea not null,
    content bytea not null,
    chain bytea[] not null,
    primary key (shard, id)
) {by_shard};
alter table {schema}.previous alter column chain set storage external;

create table {schema}.sealed_key (
    shard smallint not null,
    id bytea not null,
    generation bigint not null,
    kek text collate "C" not null,
    sealed bytea not null,
    primary key (shard, id, generation)
) {by_shard};
alter table {schema}.sealed_key alter column sealed set storage external;
create index on {schema}.sealed_key (kek, id, generation);

-- What an owner's certificates are found by: 0 the upload, 1 a name, 2 a label, 3 the leaf, 4 its public key.
create table {schema}.lookup (
    shard smallint not null,
    owner text collate "C" not null,
    kind smallint not null,
    value bytea not null,
    id bytea not null,
    primary key (shard, owner, kind, value, id)
) {by_shard};

-- Which certificate serves a target. Kind: 0 CDN, 1 storage. Slot: 0 alternate, 1 primary.
create table {schema}.binding (
    kind smallint not null,
    domain text collate "C" not null,
    slot smallint not null,
    owner text collate "C" not null,
    shard smallint not null,
    id bytea not null,
    force_https boolean not null,
    http2 boolean not null,
    primary key (kind, domain, slot)
);
create index on {schema}.binding (owner, kind, domain, slot);

-- The same from the certificate's side, in its shard. The foreign key is a backstop: the functions' locks decide.
create table {schema}.cert_binding (
    shard smallint not null,
    id bytea not null,
    kind smallint not null,
    domain text collate "C" not null,
    slot smallint not null,
    primary key (shard, id, kind, domain, slot),
    foreign key (shard, id) references {schema}.cert on delete restrict
) {by_shard};

create table {schema}.claim (
    name text collate "C" primary key,
    value bytea not null
);

create table {schema}.retired (
    kek text collate "C" primary key
);

-- The change feed. A writer leaves `pos` empty; a reader numbers what is committed. So no position has a gap, and no
-- writer waits for another.
create table {schema}.change (
    n bigint generated always as identity,
    pos bigint,
    at bigint not null,
    -- A certificate has an id, a target the other three.
    id bytea,
    kind smallint,
    domain text collate "C",
    slot smallint
);
create index on {schema}.change (n) where pos is null;
create unique index on {schema}.change (pos) where pos is not null;

-- One row: the last position, the last that was pruned, and what tells this feed from every other.
create table {schema}.feed (
    last bigint not null,
    floor bigint not null,
    salt uuid not null
);
insert into {schema}.feed values (0, 0, gen_random_uuid());

-- What is known of a leaf, in the order of the columns above.
create type {schema}.leaf as (
    dns_names text[],
    cover_names text[],
    not_before bigint,
    not_after bigint,
    key_type integer,
    leaf_sha256 bytea,
    spki_sha256 bytea,
    serial bytea,
    issuer bytea
);

create type {schema}.version as (
    common_name text,
    leaf {schema}.leaf,
    content bytea,
    chain bytea[],
    kek text,
    sealed bytea
);

-- How a step ended, and what the outcome speaks of.
create type {schema}.answer as (
    outcome text,
    id bytea,
    generation bigint,
    first bigint,
    second bigint,
    texts text[]
);
