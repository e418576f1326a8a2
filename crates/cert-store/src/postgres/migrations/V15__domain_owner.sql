-- Both slots of a domain have one owner. Each slot is a row of its own, which cannot be locked while it is free; so a
-- domain that is bound at all has one row here, and whoever binds, moves or frees a slot locks that first.
--
-- In the order of locks a domain is before its targets, and several domains are taken in the order of their keys.
create table {schema}.domain_owner (
    kind smallint not null,
    domain text collate "C" not null,
    owner text collate "C" not null,
    primary key (kind, domain)
);

lock table {schema}.binding in share row exclusive mode;
insert into {schema}.domain_owner
    select distinct on (b.kind, b.domain) b.kind, b.domain, b.owner
    from {schema}.binding b order by b.kind, b.domain, b.slot desc;

-- Locks a domain, for an owner if nobody has it, and says who has it.
create function {schema}.hold_domain(p_kind smallint, p_domain text, p_owner text) returns text
language plpgsql as $$
declare
    v_owner text;
begin
    loop
        insert into {schema}.domain_owner values (p_kind, p_domain, p_owner) on conflict do nothing;
        if found then
            return p_owner;
        end if;
        select d.owner into v_owner from {schema}.domain_owner d
            where d.kind = p_kind and d.domain = p_domain for no key update;
        if found then
            return v_owner;
        end if;
    end loop;
end $$;

-- Points a free target, whose domain is locked, to a certificate.
create function {schema}.point_free(
    p_kind smallint, p_domain text, p_slot smallint, p_owner text, p_shard smallint, p_id bytea,
    p_force_https boolean, p_http2 boolean, p_now bigint
) returns void language plpgsql as $$
begin
    insert into {schema}.binding
        values (p_kind, p_domain, p_slot, p_owner, p_shard, p_id, p_force_https, p_http2);
    insert into {schema}.cert_binding values (p_shard, p_id, p_kind, p_domain, p_slot);
    perform {schema}.changed_domain(p_kind, p_domain, p_slot, p_now);
end $$;

-- Frees a target, whose domain and owner are locked.
create function {schema}.free(p_binding {schema}.binding, p_now bigint) returns void language plpgsql as $$
begin
    delete from {schema}.binding b
        where b.kind = p_binding.kind and b.domain = p_binding.domain and b.slot = p_binding.slot;
    delete from {schema}.cert_binding b
        where b.shard = p_binding.shard and b.id = p_binding.id and b.kind = p_binding.kind
            and b.domain = p_binding.domain and b.slot = p_binding.slot;
    delete from {schema}.domain_owner d
        where d.kind = p_binding.kind and d.domain = p_binding.domain
            and not exists (select from {schema}.binding b where b.kind = d.kind and b.domain = d.domain);
    perform {schema}.changed_domain(p_binding.kind, p_binding.domain, p_binding.slot, p_now);
end $$;

create or replace function {schema}.bind_cert(
    p_shard smallint, p_id bytea, p_owner text, p_generation bigint, p_kind smallint, p_domain text,
    p_slot smallint, p_force_https boolean, p_http2 boolean, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_cert {schema}.cert;
    v_binding {schema}.binding;
    v_refusal {schema}.answer;
begin
    perform {schema}.begin_step();
    if exists (select from {schema}.cert c where c.shard = p_shard and c.id = p_id and c.owner = p_owner) then
        perform {schema}.lock_owner(p_shard, p_owner, p_now);
        select * into v_cert from {schema}.cert c
            where c.shard = p_shard and c.id = p_id for no key update;
    end if;
    if v_cert.id is null then
        return {schema}.answered('not_found', id => p_id);
    end if;
    v_refusal := {schema}.may_not_serve(v_cert, p_generation, p_domain, p_now);
    if v_refusal.outcome is not null then
        return v_refusal;
    elsif {schema}.hold_domain(p_kind, p_domain, p_owner) <> p_owner then
        return {schema}.answered('bound_elsewhere');
    end if;
    select * into v_binding from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot;
    if not found then
        perform {schema}.point_free(
            p_kind, p_domain, p_slot, p_owner, p_shard, p_id, p_force_https, p_http2, p_now);
        return {schema}.answered('done');
    elsif v_binding.owner <> p_owner then
        -- From before a domain had one owner.
        return {schema}.answered('bound_elsewhere');
    elsif v_binding.id = p_id and v_binding.force_https = p_force_https and v_binding.http2 = p_http2 then
        return {schema}.answered('done');
    end if;
    perform {schema}.repoint(v_binding, p_owner, p_shard, p_id, p_force_https, p_http2, p_now);
    return {schema}.answered('done', id => nullif(v_binding.id, p_id));
end $$;

create or replace function {schema}.move_binding(
    p_kind smallint, p_domain text, p_slot smallint, p_from_shard smallint, p_from text, p_to text,
    p_shard smallint, p_id bytea, p_generation bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_cert {schema}.cert;
    v_this {schema}.binding;
    v_other {schema}.binding;
    v_served {schema}.binding;
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
    perform from {schema}.domain_owner d where d.kind = p_kind and d.domain = p_domain for no key update;
    select * into v_this from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot;
    select * into v_other from {schema}.binding b
        where b.kind = p_kind and b.domain = p_domain and b.slot <> p_slot and p_from <> p_to;
    if v_this.id = p_id then
        return {schema}.answered('done', id => p_id);
    end if;
    v_served := v_this;
    if v_this.id is null then
        v_served := v_other;
    end if;
    if v_served.owner is distinct from p_from then
        return {schema}.answered('stale', id => p_id);
    end if;
    v_refusal := {schema}.may_not_serve(v_cert, p_generation, p_domain, p_now);
    if v_refusal.outcome is not null then
        return v_refusal;
    end if;
    update {schema}.domain_owner d set owner = p_to where d.kind = p_kind and d.domain = p_domain;
    if v_this.id is null then
        perform {schema}.point_free(p_kind, p_domain, p_slot, p_to, p_shard, p_id, false, false, p_now);
    else
        perform {schema}.repoint(v_this, p_to, p_shard, p_id, false, false, p_now);
    end if;
    if v_other.owner = p_from then
        perform {schema}.free(v_other, p_now);
    end if;
    return {schema}.answered('done', id => v_served.id);
end $$;

create or replace function {schema}.unbind(
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
        perform from {schema}.domain_owner d where d.kind = p_kind and d.domain = p_domain for update;
        select * into v_binding from {schema}.binding b
            where b.kind = p_kind and b.domain = p_domain and b.slot = p_slot;
    end if;
    if not found then
        return {schema}.answered('done');
    elsif v_binding.owner <> p_owner then
        return {schema}.answered('bound_elsewhere');
    end if;
    perform {schema}.free(v_binding, p_now);
    return {schema}.answered('done', id => v_binding.id);
end $$;

create or replace function {schema}.import_cert(
    p_shard smallint, p_id bytea, p_owner text, p_name text, p_labels text[], p_created bigint,
    p_superseded_by bytea, p_generation bigint, p_version {schema}.version,
    p_previous_generation bigint, p_previous {schema}.version,
    p_kinds smallint[], p_domains text[], p_slots smallint[], p_force_https boolean[], p_http2 boolean[],
    p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
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
    elsif {schema}.is_any_taken(p_owner, p_kinds, p_domains, p_slots) then
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
    insert into {schema}.domain_owner
        select distinct t.kind, t.domain, p_owner from unnest(p_kinds, p_domains) as t (kind, domain)
        order by t.kind, t.domain
        on conflict do nothing;
    if {schema}.is_any_taken(p_owner, p_kinds, p_domains, p_slots) then
        -- Another owner has bound one of them meanwhile: all of this is undone.
        raise exception 'a target of the imported certificate is bound' using errcode = 'CK003';
    end if;
    insert into {schema}.binding
        select t.kind, t.domain, t.slot, p_owner, p_shard, p_id, t.force_https, t.http2
        from unnest(p_kinds, p_domains, p_slots, p_force_https, p_http2)
            as t (kind, domain, slot, force_https, http2);
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

-- Whether one of these targets is bound, or its domain is another owner's.
create function {schema}.is_any_taken(p_owner text, p_kinds smallint[], p_domains text[], p_slots smallint[])
returns boolean language plpgsql as $$
begin
    return exists (
        select from unnest(p_kinds, p_domains, p_slots) as t (kind, domain, slot)
        join {schema}.domain_owner d on d.kind = t.kind and d.domain = t.domain
        left join {schema}.binding b on b.kind = t.kind and b.domain = t.domain and b.slot = t.slot
        where d.owner <> p_owner or b.id is not null
    );
end $$;
