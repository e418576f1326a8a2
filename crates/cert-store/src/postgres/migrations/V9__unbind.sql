create function {schema}.unbind(
    p_kind smallint, p_domain text, p_slot smallint, p_shard smallint, p_owner text, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_binding {schema}.binding;
begin
    perform {schema}.begin_step();
    select * into v_binding from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot;
    if found and v_binding.owner = p_owner then
        perform {schema}.lock_owner(p_shard, p_owner, p_now);
        select * into v_binding from {schema}.binding b
            where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot for update;
    end if;
    if not found then
        return {schema}.answered('done');
    elsif v_binding.owner <> p_owner then
        return {schema}.answered('bound_elsewhere');
    end if;
    delete from {schema}.binding b where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot;
    delete from {schema}.cert_binding b
        where b.shard = v_binding.shard and b.id = v_binding.id and b.kind = p_kind and b.domain = p_domain
            and b.slot = p_slot;
    perform {schema}.changed_domain(p_kind, p_domain, p_slot, p_now);
    return {schema}.answered('done', id => v_binding.id);
end $$;
