create function {schema}.move_binding(
    p_kind smallint, p_domain text, p_slot smallint, p_from_shard smallint, p_from text, p_to text,
    p_shard smallint, p_id bytea, p_generation bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_cert {schema}.cert;
    v_binding {schema}.binding;
    v_refusal {schema}.answer;
begin
    perform {schema}.begin_step();
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id and c.owner = p_to) then
        if (p_from_shard, p_from collate "C") < (p_shard, p_to collate "C") then
            perform {schema}.lock_owner(p_from_shard, p_from, p_now);
            perform {schema}.lock_owner(p_shard, p_to, p_now);
        else
            perform {schema}.lock_owner(p_shard, p_to, p_now);
            perform {schema}.lock_owner(p_from_shard, p_from, p_now);
        end if;
        select * into v_cert from {schema}.cert c
            where c.shard = p_shard and c.id = p_id for no key update;
    end if;
    if v_cert.id is null then
        return {schema}.answered('not_found', id => p_id);
    end if;
    select * into v_binding from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot for no key update;
    if v_binding.id = p_id then
        return {schema}.answered('done', id => p_id);
    elsif v_binding.owner is distinct from p_from then
        return {schema}.answered('stale', id => p_id);
    end if;
    v_refusal := {schema}.may_not_serve(v_cert, p_generation, p_domain, p_now);
    if v_refusal.outcome is not null then
        return v_refusal;
    end if;
    perform {schema}.repoint(v_binding, p_to, p_shard, p_id, false, false, p_now);
    return {schema}.answered('done', id => v_binding.id);
end $$;
