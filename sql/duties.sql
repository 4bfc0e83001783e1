
-- Three duties apart (三员分立), and what is kept from those who operate the server. Nobody logs in as the keeper: it owns
-- these functions and the table of reads, and may make logins readers. Its functions are how the duties act; each
-- names its caller by the login, whatever role it has taken on.
--
--   popbase_operation     sees how everything stands; grants nothing, sees no read and no event
--   popbase_security      makes logins readers and unmasks; runs nothing, reads no table
--   popbase_audit         reads the ledger, the audit chain, certificates and reads; writes nothing
--
-- A DBA gives each to logins of their own: grant popbase_audit to li_si. Nobody should hold two: duty.conflict lists who does.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['popbase_operation', 'popbase_security', 'popbase_audit', 'popbase_keeper']
    loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
        execute format('grant connect on database %I to %I', current_database(), wanted);
    end loop;
end
$$;
create schema if not exists duty authorization popbase_keeper;
set role popbase_keeper;

create or replace view duty.conflict as
select l.rolname as login, array_agg(d.name order by d.name) as duties
from pg_catalog.pg_roles as l
cross join unnest(array[
    'popbase_operation', 'popbase_security', 'popbase_audit', 'popbase_owner', 'popbase_keeper'
]) as d (name)
where l.rolcanlogin and not l.rolsuper and pg_has_role(l.oid, d.name, 'member')
group by l.rolname
having count(*) > 1;
comment on view duty.conflict is 'Logins that hold two duties, or one beside the pipeline''s rights; there should be none.';

create or replace function duty.admit(login text, department text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    reader constant text := 'popbase_reader_' || department;
begin
    if login = session_user then
        raise exception 'nobody admits himself' using errcode = '42501';
    end if;
    if exists (
        select from pg_roles as r
        where r.rolname = login and (not r.rolcanlogin or r.rolsuper or r.rolbypassrls)
    ) or exists (
        select from unnest(array[
            'popbase_operation', 'popbase_security', 'popbase_audit', 'popbase_owner', 'popbase_keeper'
        ]) as d (name)
        where exists (select from pg_roles where rolname = login) and pg_has_role(login, d.name, 'member')
    ) then
        raise exception '% is no login of a department', login using errcode = '42501';
    end if;
    execute format('grant %I to %I', reader, login);
    insert into audit.event (kind, subject, actor, facts)
    values ('admitted', login, session_user, jsonb_build_object('department', department));
end
$$;
comment on function duty.admit is 'Makes a login a reader of a department; an event of the audit chain.';

create or replace function duty.dismiss(login text, department text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('revoke %I from %I', 'popbase_reader_' || department, login);
    insert into audit.event (kind, subject, actor, facts)
    values ('dismissed', login, session_user, jsonb_build_object('department', department));
end
$$;
comment on function duty.dismiss is 'Takes from a login what duty.admit gave it; an event of the audit chain.';

revoke all on function duty.admit, duty.dismiss from public;
grant usage on schema duty to popbase_security, popbase_audit;
grant execute on function duty.admit, duty.dismiss to popbase_security;
grant select on duty.conflict to popbase_security, popbase_audit;
reset role;
