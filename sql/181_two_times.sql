-- Two times: when a fact held (what the departments' dates say), and in which publications it was said. For each table
-- the view shared.<table>_history and the functions shared.<table>_as_of and shared.<table>_changes are made from the
-- contracts and policies/access.yml; here is what they share.
create view shared.publication_history with (security_barrier) as
select number, state, released_at from publication.publication where state in ('released', 'withdrawn');
grant select on shared.publication_history to popbase_reader;
comment on view shared.publication_history is '读者见过的各次发布; Every publication that readers ever saw';
comment on column shared.publication_history.number is '发布号; Its number';
comment on column shared.publication_history.state is
'状态（released 有效，withdrawn 已撤回）; withdrawn: its values are shown no more';
comment on column shared.publication_history.released_at is '发布时间; When it was released';

create function shared.publication_on(day date) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
return publication.seen_on((day + 1)::timestamp at time zone 'Asia/Shanghai' - interval '1 microsecond');
comment on function shared.publication_on is
'The publication that readers saw at the end of a day in China; 0 before the first.';

create function shared.released_publication(number integer) returns integer
language plpgsql stable as $$
declare
    found text := (select h.state from shared.publication_history as h where h.number = released_publication.number);
begin
    if found is distinct from 'released' then
        raise exception 'publication % %', number, coalesce('was ' || found, 'was never released')
            using errcode = '22023', hint = 'select * from shared.publication_history';
    end if;
    return number;
end
$$;
comment on function shared.released_publication is 'The same number; an error when that publication is not to be looked at.';

create function shared.seen_publication(number integer) returns integer
language plpgsql stable as $$
begin
    if number <> 0 and not exists (select from shared.publication_history as h where h.number = seen_publication.number) then
        raise exception 'publication % was never released', number
            using errcode = '22023', hint = 'select * from shared.publication_history';
    end if;
    return number;
end
$$;
comment on function shared.seen_publication is
'The same number, 0 for none; an error when readers never saw that publication.';

create function shared.first_day(month text) returns date
language sql immutable parallel safe
return case when month ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$'
    then make_date(left(month, 4)::integer, right(month, 2)::integer, 1) end;
comment on function shared.first_day is 'Of a month, yyyy-mm.';

create function shared.last_day(month text) returns date
language sql immutable parallel safe
return (shared.first_day(month) + interval '1 month' - interval '1 day')::date;
comment on function shared.last_day is 'Of a month, yyyy-mm.';

grant execute on function
    shared.publication_on, shared.released_publication, shared.seen_publication, shared.first_day, shared.last_day
to popbase_reader;
