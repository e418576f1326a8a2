create function {schema}.replace_cert(
    p_shard smallint, p_id bytea, p_generation bigint, p_version {schema}.version, p_live bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_cert {schema}.cert;
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
    elsif v_cert.content = p_version.content then
        return {schema}.answered('done', id => p_id, generation => v_cert.generation);
    end if;
    return {schema}.exchange(v_owner, v_cert, p_generation, p_version, p_live, p_now);
end $$;

create function {schema}.rollback_cert(
    p_shard smallint, p_id bytea, p_generation bigint, p_kek text, p_sealed bytea, p_live bigint, p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_owner {schema}.owner;
    v_cert {schema}.cert;
    v_version {schema}.version;
begin
    perform {schema}.begin_sealing_step(p_kek);
    select * into v_cert from {schema}.cert c where c.shard = p_shard and c.id = p_id;
    if found then
        v_owner := {schema}.lock_owner(p_shard, v_cert.owner, p_now);
        select * into v_cert from {schema}.cert c
            where c.shard = p_shard and c.id = p_id for no key update;
    end if;
    if not found then
        return {schema}.answered('not_found', id => p_id);
    elsif v_cert.generation <> p_generation then
        return {schema}.answered('stale', id => p_id, generation => v_cert.generation);
    end if;
    select p.common_name, (p.dns_names, p.cover_names, p.not_before, p.not_after, p.key_type, p.leaf_sha256,
            p.spki_sha256, p.serial, p.issuer)::{schema}.leaf, p.content, p.chain, p_kek, p_sealed
        into v_version.common_name, v_version.leaf, v_version.content, v_version.chain, v_version.kek,
            v_version.sealed
        from {schema}.previous p where p.shard = p_shard and p.id = p_id;
    if not found then
        return {schema}.answered('no_previous', id => p_id);
    end if;
    return {schema}.exchange(v_owner, v_cert, p_generation, v_version, p_live, p_now);
end $$;

-- Puts other content under an id whose rows are locked, if nothing stands against it, and keeps what stood there.
create function {schema}.exchange(
    p_owner {schema}.owner, p_cert {schema}.cert, p_generation bigint, p_version {schema}.version, p_live bigint,
    p_now bigint
) returns {schema}.answer language plpgsql as $$
declare
    v_uncovered text[];
    v_was_live int := (p_cert.not_after > p_owner.as_of)::int;
    v_is_live int := ((p_version.leaf).not_after > p_owner.as_of)::int;
begin
    if p_cert.generation <> p_generation then
        return {schema}.answered('stale', id => p_cert.id, generation => p_cert.generation);
    end if;
    select array_agg(distinct b.domain order by b.domain) into v_uncovered from {schema}.cert_binding b
        where b.shard = p_cert.shard and b.id = p_cert.id
            and not {schema}.covers((p_version.leaf).cover_names, b.domain);
    if v_uncovered is not null then
        return {schema}.answered('would_uncover', id => p_cert.id, texts => v_uncovered);
    elsif {schema}.is_retired(p_version.kek) then
        return {schema}.answered('retired', texts => array[p_version.kek]);
    elsif v_is_live > v_was_live and p_owner.live >= p_live then
        return {schema}.answered('quota_exceeded', first => p_live, texts => array[p_owner.owner]);
    end if;
    p_owner.live := p_owner.live - v_was_live + v_is_live;
    perform {schema}.save_owner(p_owner);
    perform {schema}.put_version(p_cert, p_version);
    perform {schema}.changed_cert(p_cert.id, p_now);
    return {schema}.answered('done', id => p_cert.id, generation => p_generation + 1);
end $$;

create function {schema}.put_version(p_cert {schema}.cert, p_version {schema}.version) returns void
language plpgsql as $$
declare
    v_leaf {schema}.leaf := p_version.leaf;
begin
    delete from {schema}.sealed_key k
        where k.shard = p_cert.shard and k.id = p_cert.id and k.generation < p_cert.generation;
    delete from {schema}.previous p where p.shard = p_cert.shard and p.id = p_cert.id;
    insert into {schema}.previous
        select c.shard, c.id, c.generation, c.common_name, ({schema}.leaf_of(c)).*, c.content, c.chain
        from {schema}.cert c where c.shard = p_cert.shard and c.id = p_cert.id;
    update {schema}.cert c set
        generation = c.generation + 1, common_name = p_version.common_name, dns_names = v_leaf.dns_names,
        cover_names = v_leaf.cover_names, not_before = v_leaf.not_before, not_after = v_leaf.not_after,
        key_type = v_leaf.key_type, leaf_sha256 = v_leaf.leaf_sha256, spki_sha256 = v_leaf.spki_sha256,
        serial = v_leaf.serial, issuer = v_leaf.issuer, content = p_version.content, chain = p_version.chain
        where c.shard = p_cert.shard and c.id = p_cert.id;
    insert into {schema}.sealed_key
        values (p_cert.shard, p_cert.id, p_cert.generation + 1, p_version.kek, p_version.sealed);
    delete from {schema}.lookup l
        using {schema}.lookup_keys({schema}.upload_of(p_cert.name, p_cert.content), {schema}.leaf_of(p_cert)) as k
        where l.shard = p_cert.shard and l.owner = p_cert.owner and l.id = p_cert.id
            and l.kind = k.kind and l.value = k.value;
    insert into {schema}.lookup
        select p_cert.shard, p_cert.owner, k.kind, k.value, p_cert.id
        from {schema}.lookup_keys({schema}.upload_of(p_cert.name, p_version.content), v_leaf) as k
        on conflict do nothing;
end $$;
