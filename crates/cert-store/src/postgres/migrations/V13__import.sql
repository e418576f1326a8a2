-- Puts an exported certificate back with all that belongs to it. `exists` and `conflict` change nothing.
create function {schema}.import_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_created bigint,
    p_superseded_by bytea, p_generation bigint, p_version {schema}.version,
    p_previous_generation bigint, p_previous {schema}.version,
    p_kinds smallint[], p_domains text[], p_slots smallint[], p_force_https boolean[], p_http2 boolean[],
    p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_bound bigint;
    v_kek text;
begin
    -- Retired, or not, is decided for both generations; their locks are taken in one order.
    for v_kek in select distinct k from unnest(array[p_version.kek, p_previous.kek]) as k
        where k is not null order by k
    loop
        perform {schema}.begin_sealing_step(v_kek);
    end loop;
    v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id) then
        return {schema}.answered('exists', id => p_id);
    elsif exists (select from {schema}.binding b
        join unnest(p_kinds, p_domains, p_slots) as t (kind, domain, slot)
            on b.kind = t.kind and b.domain = t.domain and b.slot = t.slot)
    then
        return {schema}.answered('conflict', id => p_id);
    end if;
    select r.kek into v_kek from {schema}.retired r where r.kek in (p_version.kek, p_previous.kek) limit 1;
    if found then
        return {schema}.answered('retired', texts => array[v_kek]);
    end if;
    if not {schema}.put_cert(p_shard, p_id, p_owner, p_name, p_labels, p_created, p_superseded_by, p_generation,
        p_version)
    then
        return {schema}.answered('exists', id => p_id);
    end if;
    insert into {schema}.binding
        select t.kind, t.domain, t.slot, p_owner, p_shard, p_id, t.force_https, t.http2
        from unnest(p_kinds, p_domains, p_slots, p_force_https, p_http2)
            as t (kind, domain, slot, force_https, http2)
        on conflict do nothing;
    get diagnostics v_bound = row_count;
    if v_bound <> cardinality(p_kinds) then
        -- Another owner has bound one of them meanwhile: all of this is undone.
        raise exception 'a target of the imported certificate is bound' using errcode = 'CK003';
    end if;
    insert into {schema}.cert_binding
        select p_shard, p_id, t.kind, t.domain, t.slot
        from unnest(p_kinds, p_domains, p_slots) as t (kind, domain, slot);
    if p_previous_generation is not null then
        insert into {schema}.previous
            select p_shard, p_id, p_previous_generation, p_previous.common_name, (p_previous.leaf).*,
                p_previous.content, p_previous.chain;
        insert into {schema}.sealed_key
            values (p_shard, p_id, p_previous_generation, p_previous.kek, p_previous.sealed);
    end if;
    v_owner.total := v_owner.total + 1;
    v_owner.live := v_owner.live + ((p_version.leaf).not_after > v_owner.as_of)::int;
    perform {schema}.save_owner(v_owner);
    update {schema}.feed set salt = gen_random_uuid();
    return {schema}.answered('done', id => p_id);
end $$;

create function {schema}.import_claim(p_name text, p_value bytea) returns {schema}.answer language plpgsql as $$
begin
    perform {schema}.begin_step();
    insert into {schema}.claim values (p_name, p_value) on conflict do nothing;
    if found then
        update {schema}.feed set salt = gen_random_uuid();
        return {schema}.answered('done');
    elsif exists (select from {schema}.claim c where c.name = p_name and c.value = p_value) then
        return {schema}.answered('same');
    end if;
    return {schema}.answered('conflict');
end $$;

create function {schema}.import_retired(p_kek text) returns {schema}.answer language plpgsql as $$
declare
    v_answer {schema}.answer := {schema}.retire(p_kek);
begin
    if v_answer.outcome = 'in_use' then
        return {schema}.answered('conflict');
    elsif v_answer.first = 0 then
        return {schema}.answered('same');
    end if;
    update {schema}.feed set salt = gen_random_uuid();
    return {schema}.answered('done');
end $$;
