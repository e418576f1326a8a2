-- Sets a claim if what is expected stands, and gives what stands then.
create function {schema}.claim(p_name text, p_expected bytea, p_value bytea) returns bytea
language plpgsql as $$
begin
    perform {schema}.begin_step();
    if p_expected is null then
        insert into {schema}.claim values (p_name, p_value) on conflict do nothing;
    else
        update {schema}.claim c set value = p_value where c.name = p_name and c.value = p_expected;
    end if;
    return (select c.value from {schema}.claim c where c.name = p_name);
end $$;
