-- What tells this feed from every other: the installation, the cluster, and its timeline, which a fail-over changes.
create function {schema}.feed_epoch() returns bigint language sql stable as $$
    select ('x' || encode(substr(sha256(convert_to(concat_ws(' ',
            f.salt,
            (select system_identifier from pg_control_system()),
            substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
        ), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
    from {schema}.feed f;
$$;

-- Numbers the committed changes that have no position yet, up to a limit, in the order of their steps within each
-- owner, and says how many those were. One at a time. Row by row, so that each is found by the small index of those
-- without a position, whatever the planner believes of their number.
create function {schema}.number_changes(p_limit bigint) returns bigint language plpgsql as $$
declare
    v_first bigint;
    v_last bigint;
    v_n bigint;
begin
    perform {schema}.begin_step();
    if not exists (select from {schema}.change c where c.pos is null order by c.n limit 1) then
        return 0;
    end if;
    select f.last, f.last into v_first, v_last from {schema}.feed f for no key update;
    for v_n in select c.n from {schema}.change c where c.pos is null order by c.n limit p_limit
    loop
        v_last := v_last + 1;
        update {schema}.change c set pos = v_last where c.n = v_n and c.pos is null;
    end loop;
    update {schema}.feed set last = v_last where last < v_last;
    return v_last - v_first;
end $$;

-- The changes behind a position, without a gap.
create function {schema}.changes(p_epoch bigint, p_after bigint, p_limit bigint, p_number bigint)
returns setof {schema}.change language plpgsql as $$
declare
    v_feed {schema}.feed;
    v_change {schema}.change;
    v_next bigint := p_after + 1;
begin
    perform {schema}.number_changes(p_number);
    select * into v_feed from {schema}.feed;
    if p_epoch = {schema}.feed_epoch() and p_after between v_feed.floor and v_feed.last then
        for v_change in
            select * from {schema}.change c where c.pos > p_after order by c.pos limit p_limit
        loop
            exit when v_change.pos <> v_next;
            return next v_change;
            v_next := v_next + 1;
        end loop;
        if v_next > p_after + 1 or p_after = v_feed.last then
            return;
        end if;
    end if;
    raise exception 'the change feed does not reach back to the marker' using errcode = 'CK001';
end $$;

-- Forgets the events up to the first that is not older than an instant.
create function {schema}.prune(p_before bigint) returns bigint language plpgsql as $$
declare
    v_feed {schema}.feed;
    v_floor bigint;
    v_pruned bigint;
begin
    perform {schema}.begin_step();
    select * into v_feed from {schema}.feed for no key update;
    select c.pos - 1 into v_floor from {schema}.change c
        where c.pos > v_feed.floor and c.at >= p_before order by c.pos limit 1;
    v_floor := coalesce(v_floor, v_feed.last);
    delete from {schema}.change c where c.pos <= v_floor;
    get diagnostics v_pruned = row_count;
    update {schema}.feed set floor = v_floor where floor < v_floor;
    return v_pruned;
end $$;
