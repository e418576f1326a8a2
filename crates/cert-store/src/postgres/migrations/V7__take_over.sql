create function {schema}.take_over(
    p_kind smallint, p_domain text, p_slot smallint, p_shard smallint, p_from bytea, p_to bytea,
    p_generation bigint, p_owner text, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_from {schema}.cert;
    v_to {schema}.cert;
    v_binding {schema}.binding;
    v_refusal {schema}.answer;
begin
    perform {schema}.begin_step();
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_from and c.owner = p_owner) then
        v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
        perform from {schema}.cert c
            where c.shard = p_shard and c.id in (p_from, p_to) order by c.id for no key update;
    end if;
    select * into v_from from {schema}.cert c
        where c.shard = p_shard and c.id = p_from and c.owner = p_owner;
    if not found then
        return {schema}.answered('not_found', id => p_from);
    end if;
    select * into v_to from {schema}.cert c where c.shard = p_shard and c.id = p_to and c.owner = p_owner;
    if not found then
        return {schema}.answered('not_found', id => p_to);
    end if;
    select * into v_binding from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot for no key update;
    if v_binding.id = p_to and v_from.superseded_by = p_to then
        return {schema}.answered('done');
    elsif v_binding.id is distinct from p_from then
        return {schema}.answered('stale', id => p_from);
    end if;
    v_refusal := {schema}.may_not_serve(v_to, p_generation, p_domain, p_now);
    if v_refusal.outcome is not null then
        return v_refusal;
    elsif v_to.not_after <= v_from.not_after then
        return {schema}.answered('expired', id => p_to, first => v_to.not_after);
    end if;
    perform {schema}.repoint(
        v_binding, p_owner, p_shard, p_to, v_binding.force_https, v_binding.http2, p_now);
    update {schema}.cert c set superseded_by = p_to where c.shard = p_shard and c.id = p_from;
    perform {schema}.changed_cert(p_from, p_now);
    return {schema}.answered('done');
end $$;
