-- What several steps share.
--
-- A step decides in statements after the one that took its lock: each statement of a function sees what was committed
-- before it under READ COMMITTED, and under nothing stricter. So every step demands that first.
--
-- Locks are taken in one order: key-encryption key, owners (by shard and name), certificates (by id), target.

create function {schema}.begin_step() returns void language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a step needs READ COMMITTED, not %', current_setting('transaction_isolation')
            using errcode = 'CK002', hint = 'Set default_transaction_isolation to read committed.';
    end if;
end $$;

-- Many writers under a key-encryption key at once, but none while it is retired.
create function {schema}.begin_sealing_step(p_kek text) returns void language plpgsql as $$
begin
    perform {schema}.begin_step();
    perform pg_advisory_xact_lock_shared(hashtextextended('certkeep kek {schema} ' || p_kek, 0));
end $$;

-- Locks the owner's row, and gives its counters as they are at the step's time, which does not go back.
create function {schema}.lock_owner(p_shard smallint, p_owner text, p_now bigint) returns {schema}.owner
language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_expired bigint;
begin
    loop
        select * into v_owner from {schema}.owner o
            where o.shard = p_shard and o.owner = p_owner for no key update;
        exit when found;
        insert into {schema}.owner values (p_shard, p_owner, 0, 0, -9223372036854775808) on conflict do nothing;
    end loop;
    if p_now > v_owner.as_of then
        select count(*) into v_expired from {schema}.cert c
            where c.shard = p_shard and c.owner = p_owner
                and c.not_after > v_owner.as_of and c.not_after <= p_now;
        v_owner.live := v_owner.live - v_expired;
        v_owner.as_of := p_now;
    end if;
    return v_owner;
end $$;

create function {schema}.save_owner(p_owner {schema}.owner) returns void language plpgsql as $$
begin
    update {schema}.owner o set live = p_owner.live, total = p_owner.total, as_of = p_owner.as_of
        where o.shard = p_owner.shard and o.owner = p_owner.owner;
end $$;

create function {schema}.answered(
    outcome text, id bytea default null, generation bigint default null, first bigint default null,
    second bigint default null, texts text[] default null
) returns {schema}.answer language sql immutable as $$
    select (outcome, id, generation, first, second, texts)::{schema}.answer;
$$;

-- Whether a certificate with these names may serve a domain: exactly, or by a wildcard for one label.
create function {schema}.covers(p_names text[], p_domain text) returns boolean
language sql immutable as $$
    select p_domain = any (p_names)
        or (position('.' in p_domain) > 0
            and '*' || substr(p_domain, position('.' in p_domain)) = any (p_names));
$$;

create function {schema}.leaf_of(p_cert {schema}.cert) returns {schema}.leaf language sql immutable as $$
    select (p_cert.dns_names, p_cert.cover_names, p_cert.not_before, p_cert.not_after, p_cert.key_type,
        p_cert.leaf_sha256, p_cert.spki_sha256, p_cert.serial, p_cert.issuer)::{schema}.leaf;
$$;

-- What makes two uploads of an owner the same. The content has a fixed length, so the parts do not run together.
create function {schema}.upload_of(p_name text, p_content bytea) returns bytea language sql immutable as $$
    select sha256(convert_to(p_name, 'UTF8') || p_content);
$$;

-- The keys that a version is found by.
create function {schema}.lookup_keys(p_upload bytea, p_leaf {schema}.leaf)
returns table (kind smallint, value bytea) language sql immutable as $$
    select 0::smallint, p_upload
    union all select 1::smallint, convert_to(name, 'UTF8') from unnest(p_leaf.cover_names) as name
    union all select 3::smallint, p_leaf.leaf_sha256
    union all select 4::smallint, p_leaf.spki_sha256;
$$;

-- The keys that a certificate is found by in every version: its labels.
create function {schema}.label_keys(p_labels text[])
returns table (kind smallint, value bytea) language sql immutable as $$
    select 2::smallint, convert_to(p_labels[i], 'UTF8') || '\x00'::bytea || convert_to(p_labels[i + 1], 'UTF8')
    from generate_series(1, cardinality(p_labels), 2) as i;
$$;

create function {schema}.is_retired(p_kek text) returns boolean language plpgsql as $$
begin
    return exists (select from {schema}.retired r where r.kek = p_kek);
end $$;

create function {schema}.changed_cert(p_id bytea, p_now bigint) returns void language plpgsql as $$
begin
    insert into {schema}.change (at, id) values (p_now, p_id);
end $$;

create function {schema}.changed_domain(p_kind smallint, p_domain text, p_slot smallint, p_now bigint)
returns void language plpgsql as $$
begin
    insert into {schema}.change (at, kind, domain, slot) values (p_now, p_kind, p_domain, p_slot);
end $$;

-- Why a certificate, in the generation that the caller has seen, may not serve a domain now; null if it may.
create function {schema}.may_not_serve(p_cert {schema}.cert, p_generation bigint, p_domain text, p_now bigint)
returns {schema}.answer language plpgsql as $$
begin
    if p_cert.generation <> p_generation then
        return {schema}.answered('stale', id => p_cert.id, generation => p_cert.generation);
    elsif not {schema}.covers(p_cert.cover_names, p_domain) then
        return {schema}.answered('not_covered', id => p_cert.id);
    elsif p_cert.not_after <= p_now then
        return {schema}.answered('expired', id => p_cert.id, first => p_cert.not_after);
    end if;
    return null;
end $$;
