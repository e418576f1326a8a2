create function {schema}.delete_cert(p_shard smallint, p_id bytea, p_owner text, p_now bigint)
returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_cert {schema}.cert;
    v_cdn bigint;
    v_storage bigint;
begin
    perform {schema}.begin_step();
    -- Before any lock: who has no such certificate gets no row of counters.
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id and c.owner = p_owner) then
        v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
        select * into v_cert from {schema}.cert c where c.shard = p_shard and c.id = p_id for update;
    end if;
    if v_cert.id is null then
        return {schema}.answered('not_found', id => p_id);
    end if;
    select count(*) filter (where b.kind = 0), count(*) filter (where b.kind = 1) into v_cdn, v_storage
        from {schema}.cert_binding b where b.shard = p_shard and b.id = p_id;
    if v_cdn + v_storage > 0 then
        return {schema}.answered('still_bound', id => p_id, first => v_cdn, second => v_storage);
    end if;
    v_owner.total := v_owner.total - 1;
    v_owner.live := v_owner.live - (v_cert.not_after > v_owner.as_of)::int;
    perform {schema}.save_owner(v_owner);
    delete from {schema}.lookup l
        using (
            select * from {schema}.lookup_keys(
                {schema}.upload_of(v_cert.name, v_cert.content), {schema}.leaf_of(v_cert))
            union all select * from {schema}.label_keys(v_cert.labels)
        ) as k
        where l.shard = p_shard and l.owner = p_owner and l.id = p_id and l.kind = k.kind and l.value = k.value;
    delete from {schema}.sealed_key k where k.shard = p_shard and k.id = p_id;
    delete from {schema}.previous p where p.shard = p_shard and p.id = p_id;
    delete from {schema}.cert c where c.shard = p_shard and c.id = p_id;
    perform {schema}.changed_cert(p_id, p_now);
    return {schema}.answered('done', id => p_id);
end $$;
