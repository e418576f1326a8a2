create function {schema}.rewrap(
    p_shard smallint, p_id bytea, p_generation bigint, p_from text, p_kek text, p_sealed bytea
) returns {schema}.answer language plpgsql as $$
declare
    v_key {schema}.sealed_key;
begin
    perform {schema}.begin_sealing_step(p_kek);
    select * into v_key from {schema}.sealed_key k
        where k.shard = p_shard and k.id = p_id and k.generation = p_generation for no key update;
    if not found then
        return {schema}.answered('not_found', id => p_id);
    elsif v_key.sealed = p_sealed then
        return {schema}.answered('done', id => p_id);
    elsif v_key.kek <> p_from then
        return {schema}.answered('stale', id => p_id);
    elsif {schema}.is_retired(p_kek) then
        return {schema}.answered('retired', texts => array[p_kek]);
    end if;
    update {schema}.sealed_key k set kek = p_kek, sealed = p_sealed
        where k.shard = p_shard and k.id = p_id and k.generation = p_generation;
    return {schema}.answered('done', id => p_id);
end $$;

-- Waits for the writers under the key-encryption key that are under way; those that come later find it retired.
create function {schema}.retire(p_kek text) returns {schema}.answer language plpgsql as $$
begin
    perform {schema}.begin_step();
    perform pg_advisory_xact_lock(hashtextextended('certkeep kek {schema} ' || p_kek, 0));
    if exists (select from {schema}.sealed_key k where k.kek = p_kek) then
        return {schema}.answered('in_use', texts => array[p_kek]);
    end if;
    insert into {schema}.retired values (p_kek) on conflict do nothing;
    return {schema}.answered('done', first => found::int);
end $$;
