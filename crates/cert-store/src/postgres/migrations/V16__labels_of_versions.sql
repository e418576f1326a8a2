-- A replacement may bring labels; null leaves those that stand.

drop function {schema}.replace_cert(smallint, bytea, bigint, {schema}.version, bigint, bigint);

create function {schema}.replace_cert(
    p_shard smallint, p_id bytea, p_generation bigint, p_version {schema}.version, p_labels text[], p_live bigint,
    p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_cert {schema}.cert;
    v_answer {schema}.answer;
    v_is_labelled boolean;
begin
    perform {schema}.begin_sealing_step(p_version.kek);
    select * into v_cert from {schema}.cert c where c.shard = p_shard and c.id = p_id;
    if found then
        v_owner := {schema}.lock_owner(p_shard, v_cert.owner, p_now);
        select * into v_cert from {schema}.cert c
            where c.shard = p_shard and c.id = p_id for no key update;
    end if;
    if not found then
        return {schema}.answered('not_found', id => p_id);
    end if;
    v_is_labelled := p_labels is null or p_labels = v_cert.labels;
    if v_cert.content <> p_version.content then
        v_answer := {schema}.exchange(v_owner, v_cert, p_generation, p_version, p_live, p_now);
    elsif v_is_labelled then
        return {schema}.answered('done', id => p_id, generation => v_cert.generation);
    elsif v_cert.generation <> p_generation then
        v_answer := {schema}.answered('stale', id => p_id, generation => v_cert.generation);
    else
        perform {schema}.changed_cert(p_id, p_now);
        v_answer := {schema}.answered('done', id => p_id, generation => p_generation);
    end if;
    if v_answer.outcome = 'done' and not v_is_labelled then
        perform {schema}.put_labels(v_cert, p_labels);
    end if;
    return v_answer;
end $$;

create function {schema}.put_labels(p_cert {schema}.cert, p_labels text[]) returns void language plpgsql as $$
begin
    delete from {schema}.lookup l using {schema}.label_keys(p_cert.labels) as k
        where l.shard = p_cert.shard and l.owner = p_cert.owner and l.id = p_cert.id
            and l.kind = k.kind and l.value = k.value;
    insert into {schema}.lookup
        select p_cert.shard, p_cert.owner, k.kind, k.value, p_cert.id from {schema}.label_keys(p_labels) as k
        on conflict do nothing;
    update {schema}.cert c set labels = p_labels where c.shard = p_cert.shard and c.id = p_cert.id;
end $$;
