-- Inserting in fewer and cheaper statements: most of what a statement costs here is starting it. An assignment from an
-- expression starts none, where `perform` does, and so does every call of a function in SQL that the planner cannot
-- take apart.

create or replace function {schema}.begin_sealing_step(p_kek text) returns void language plpgsql as $$
declare
    v_nothing text;
begin
    v_nothing := {schema}.begin_step();
    v_nothing := pg_advisory_xact_lock_shared(hashtextextended('certkeep kek {schema} ' || p_kek, 0));
end $$;

-- A check is read and planned anew by each statement that inserts. `put_cert` makes sure of the same.
alter table {schema}.cert drop constraint cert_check;

create or replace function {schema}.insert_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_version {schema}.version,
    p_live bigint, p_total bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_upload bytea := sha256(convert_to(p_name, 'UTF8') || p_version.content);
    v_nothing text;
    v_id bytea;
    v_is_retired boolean;
    v_refusal {schema}.answer;
begin
    v_nothing := {schema}.begin_sealing_step(p_version.kek);
    v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
    select
        (select l.id from {schema}.lookup l
            where l.shard = p_shard and l.owner = p_owner and l.kind = 0 and l.value = v_upload
            order by l.id limit 1),
        exists (select from {schema}.retired r where r.kek = p_version.kek)
        into v_id, v_is_retired;
    if v_id is not null then
        return {schema}.answered('existing', id => v_id,
            generation => (select c.generation from {schema}.cert c where c.shard = p_shard and c.id = v_id));
    elsif v_is_retired then
        v_refusal := {schema}.answered('retired', texts => array[p_version.kek]);
    elsif v_owner.live >= p_live then
        v_refusal := {schema}.answered('quota_exceeded', first => p_live, texts => array[p_owner]);
    elsif v_owner.total >= p_total then
        v_refusal := {schema}.answered('quota_exceeded', first => p_total, texts => array[p_owner]);
    end if;
    if v_refusal.outcome is not null then
        -- A taken id is the stronger reason.
        if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id) then
            return {schema}.answered('already_exists', id => p_id);
        end if;
        return v_refusal;
    elsif not {schema}.put_cert(p_shard, p_id, p_owner, p_name, p_labels, p_now, null, 1, p_version) then
        return {schema}.answered('already_exists', id => p_id);
    end if;
    update {schema}.owner o
        set live = v_owner.live + ((p_version.leaf).not_after > v_owner.as_of)::int, total = v_owner.total + 1,
            as_of = v_owner.as_of
        where o.shard = p_shard and o.owner = p_owner;
    insert into {schema}.change (at, id) values (p_now, p_id);
    return {schema}.answered('done', id => p_id, generation => 1);
end $$;

-- Stores a certificate under all its keys; false if the id is taken.
create or replace function {schema}.put_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_created bigint,
    p_superseded_by bytea, p_generation bigint, p_version {schema}.version
) returns boolean language plpgsql as $$
declare
    v_leaf {schema}.leaf := p_version.leaf;
    v_upload bytea := sha256(convert_to(p_name, 'UTF8') || p_version.content);
begin
    if octet_length(p_id) <> 12 or p_shard <> get_byte(p_id, 6) * 16 + get_byte(p_id, 7) / 16 then
        raise exception 'the id is not of the shard' using errcode = 'check_violation';
    end if;
    insert into {schema}.cert values (
        p_shard, p_id, p_owner, p_name, p_labels, p_created, p_superseded_by, p_generation, p_version.common_name,
        v_leaf.dns_names, v_leaf.cover_names, v_leaf.not_before, v_leaf.not_after, v_leaf.key_type,
        v_leaf.leaf_sha256, v_leaf.spki_sha256, v_leaf.serial, v_leaf.issuer, p_version.content, p_version.chain
    ) on conflict do nothing;
    if not found then
        return false;
    end if;
    insert into {schema}.sealed_key values (p_shard, p_id, p_generation, p_version.kek, p_version.sealed);
    insert into {schema}.lookup values
        (p_shard, p_owner, 0, v_upload, p_id),
        (p_shard, p_owner, 3, v_leaf.leaf_sha256, p_id),
        (p_shard, p_owner, 4, v_leaf.spki_sha256, p_id);
    insert into {schema}.lookup
        select distinct p_shard, p_owner, 1::smallint, convert_to(name, 'UTF8'), p_id
        from unnest(v_leaf.cover_names) as name;
    if cardinality(p_labels) > 0 then
        insert into {schema}.lookup
            select p_shard, p_owner, k.kind, k.value, p_id from {schema}.label_keys(p_labels) as k;
    end if;
    return true;
end $$;
