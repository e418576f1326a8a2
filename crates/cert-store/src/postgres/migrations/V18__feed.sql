-- Reading the feed does not take longer with its length.
--
-- The look for a first change without a position is no `exists`: the planner takes its order and its limit away, and
-- where it believes that many have none, it reads the table. And whatever has been numbered leaves a dead entry in the
-- index of those without a position, which every reader steps over until the table is vacuumed: so that comes after a
-- number of changes, not after a part of the table.
alter table {schema}.change set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
);

create or replace function {schema}.number_changes(p_limit bigint) returns bigint language plpgsql as $$
declare
    v_first bigint;
    v_last bigint;
    v_n bigint;
begin
    perform {schema}.begin_step();
    select c.n into v_n from {schema}.change c where c.pos is null order by c.n limit 1;
    if not found then
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
