create function {schema}.insert_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_version {schema}.version,
    p_live bigint, p_total bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_upload bytea := {schema}.upload_of(p_name, p_version.content);
    v_id bytea;
    v_generation bigint;
begin
    perform {schema}.begin_sealing_step(p_version.kek);
    v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
    select c.id, c.generation into v_id, v_generation
        from {schema}.lookup l join {schema}.cert c on c.shard = l.shard and c.id = l.id
        where l.shard = p_shard and l.owner = p_owner and l.kind = 0 and l.value = v_upload
        order by l.id limit 1;
    if found then
        return {schema}.answered('existing', id => v_id, generation => v_generation);
    elsif exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id) then
        return {schema}.answered('already_exists', id => p_id);
    elsif {schema}.is_retired(p_version.kek) then
        return {schema}.answered('retired', texts => array[p_version.kek]);
    elsif v_owner.live >= p_live then
        return {schema}.answered('quota_exceeded', first => p_live, texts => array[p_owner]);
    elsif v_owner.total >= p_total then
        return {schema}.answered('quota_exceeded', first => p_total, texts => array[p_owner]);
    end if;
    if not {schema}.put_cert(p_shard, p_id, p_owner, p_name, p_labels, p_now, null, 1, p_version) then
        return {schema}.answered('already_exists', id => p_id);
    end if;
    v_owner.total := v_owner.total + 1;
    v_owner.live := v_owner.live + ((p_version.leaf).not_after > v_owner.as_of)::int;
    perform {schema}.save_owner(v_owner);
    perform {schema}.changed_cert(p_id, p_now);
    return {schema}.answered('done', id => p_id, generation => 1);
end $$;

-- Stores a certificate under all its keys; false if another owner's has taken the id meanwhile.
create function {schema}.put_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_created bigint,
    p_superseded_by bytea, p_generation bigint, p_version {schema}.version
) returns boolean language plpgsql as $$
begin
    insert into {schema}.cert
        select p_shard, p_id, p_owner, p_name, p_labels, p_created, p_superseded_by, p_generation,
            p_version.common_name, (p_version.leaf).*, p_version.content, p_version.chain
        on conflict do nothing;
    if not found then
        return false;
    end if;
    insert into {schema}.sealed_key values (p_shard, p_id, p_generation, p_version.kek, p_version.sealed);
    insert into {schema}.lookup
        select p_shard, p_owner, k.kind, k.value, p_id
            from {schema}.lookup_keys({schema}.upload_of(p_name, p_version.content), p_version.leaf) as k
        union all
        select p_shard, p_owner, k.kind, k.value, p_id from {schema}.label_keys(p_labels) as k
        on conflict do nothing;
    return true;
end $$;
