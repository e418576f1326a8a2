create function {schema}.bind_cert(
    p_shard smallint, p_id bytea, p_owner text, p_generation bigint, p_kind smallint, p_domain text,
    p_slot smallint, p_force_https boolean, p_http2 boolean, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_cert {schema}.cert;
    v_binding {schema}.binding;
    v_refusal {schema}.answer;
begin
    perform {schema}.begin_step();
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id and c.owner = p_owner) then
        v_owner := {schema}.lock_owner(p_shard, p_owner, p_now);
        select * into v_cert from {schema}.cert c
            where c.shard = p_shard and c.id = p_id for no key update;
    end if;
    if v_cert.id is null then
        return {schema}.answered('not_found', id => p_id);
    end if;
    v_refusal := {schema}.may_not_serve(v_cert, p_generation, p_domain, p_now);
    if v_refusal.outcome is not null then
        return v_refusal;
    end if;
    loop
        insert into {schema}.binding
            values (p_kind, p_domain, p_slot, p_owner, p_shard, p_id, p_force_https, p_http2)
            on conflict do nothing;
        if found then
            insert into {schema}.cert_binding values (p_shard, p_id, p_kind, p_domain, p_slot);
            perform {schema}.changed_domain(p_kind, p_domain, p_slot, p_now);
            return {schema}.answered('done');
        end if;
        select * into v_binding from {schema}.binding b
            where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot for no key update;
        exit when found;
    end loop;
    if v_binding.owner <> p_owner then
        return {schema}.answered('bound_elsewhere');
    elsif v_binding.id = p_id and v_binding.force_https = p_force_https and v_binding.http2 = p_http2 then
        return {schema}.answered('done');
    end if;
    perform {schema}.repoint(v_binding, p_owner, p_shard, p_id, p_force_https, p_http2, p_now);
    return {schema}.answered('done', id => nullif(v_binding.id, p_id));
end $$;

-- Points a target, whose row is locked, to another certificate.
create function {schema}.repoint(
    p_binding {schema}.binding, p_owner text, p_shard smallint, p_id bytea, p_force_https boolean,
    p_http2 boolean, p_now bigint
) returns void language plpgsql as $$
begin
    update {schema}.binding b
        set owner = p_owner, shard = p_shard, id = p_id, force_https = p_force_https, http2 = p_http2
        where b.kind = p_binding.kind and b.domain = p_binding.domain and b.slot = p_binding.slot;
    if p_binding.id <> p_id then
        delete from {schema}.cert_binding b
            where b.shard = p_binding.shard and b.id = p_binding.id and b.kind = p_binding.kind
                and b.domain = p_binding.domain and b.slot = p_binding.slot;
        insert into {schema}.cert_binding
            values (p_shard, p_id, p_binding.kind, p_binding.domain, p_binding.slot);
    end if;
    perform {schema}.changed_domain(p_binding.kind, p_binding.domain, p_binding.slot, p_now);
end $$;
