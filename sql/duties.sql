
-- Three duties apart (三员分立), and what is kept from those who operate the server. Nobody logs in as the keeper: it owns
-- these functions and the table of reads, and may make logins readers. Its functions are how the duties act; each
-- names its caller by the login, whatever role it has taken on.
--
--   popbase_operation     sees how everything stands; grants nothing, sees no read and no event
--   popbase_security      makes logins readers and unmasks; runs nothing, reads no table
--   popbase_audit         reads the ledger, the audit chain, certificates and reads; writes nothing
--   popbase_watched       nobody's: pgaudit logs every statement that reads what it may select
--
-- A DBA gives each to logins of their own: grant popbase_audit to li_si. Nobody should hold two: duty.conflict lists who does.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['popbase_operation', 'popbase_security', 'popbase_audit', 'popbase_keeper', 'popbase_watched']
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

-- Who read what: a row for each call of a reading function, apart from those who operate. A reader who rolls back takes the
-- row away, but not its number (a gap) nor its line in the server's log.
create schema if not exists reading authorization popbase_keeper;
set role popbase_keeper;

create table if not exists reading.read (
    read_id     bigint generated always as identity primary key,
    read_at     timestamptz not null default clock_timestamp(),
    login       text not null,
    role_name   text not null,
    view_name   text not null,
    query_class text not null,
    key_hmac    text not null
);
create index if not exists read_key on reading.read (key_hmac);
comment on table reading.read is 'Reads of persons through shared.read_*; the audit reads it, its owner is nobody''s login.';
comment on column reading.read.login is 'Who logged in, whatever role he took on (role_name).';
comment on column reading.read.query_class is 'person: the rows of one person.';
comment on column reading.read.key_hmac is 'HMAC-SHA-256 of what was asked for; reading.key_of gives it for a person.';

create table if not exists reading.secret (
    is_only   boolean primary key default true check (is_only),
    inner_pad bytea not null,
    outer_pad bytea not null
);
comment on table reading.secret is 'The key of the HMACs, padded as RFC 2104 says; nobody reads it.';
with made as materialized (
    select sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))
        || decode(repeat('00', 32), 'hex') as key
)
insert into reading.secret (inner_pad, outer_pad)
select
    decode(string_agg(lpad(to_hex(get_byte(key, at) # 54), 2, '0'), '' order by at), 'hex'),
    decode(string_agg(lpad(to_hex(get_byte(key, at) # 92), 2, '0'), '' order by at), 'hex')
from made, generate_series(0, 63) as at
where not exists (select from reading.secret)
having count(*) > 0;

create or replace function reading.key_of(value text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
return (
    select encode(sha256(s.outer_pad || sha256(s.inner_pad || convert_to(value, 'UTF8'))), 'hex') from reading.secret as s
);
comment on function reading.key_of is 'By which the reads of a person are found.';

create or replace function reading.note(view_name text, query_class text, key text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    noted reading.read;
begin
    if view_name !~ '^[a-z0-9_]{1,63}$' or query_class !~ '^[a-z_]{1,20}$' then
        raise exception 'no such view' using errcode = '42501';
    end if;
    insert into reading.read (login, role_name, view_name, query_class, key_hmac)
    values (
        session_user, case current_setting('role') when 'none' then session_user else current_setting('role') end,
        view_name, query_class, coalesce(reading.key_of(key), '')
    )
    returning * into noted;
    raise log 'popbase read %: login % role % view % class % key %',
        noted.read_id, noted.login, noted.role_name, noted.view_name, noted.query_class, noted.key_hmac;
end
$$;
comment on function reading.note is 'Writes a read down; the reading functions of shared call it before they show a row.';

revoke all on function reading.key_of, reading.note from public;
grant usage on schema reading to popbase_reader, popbase_audit;
grant execute on function reading.note to popbase_reader;
grant execute on function reading.key_of to popbase_audit;
grant select on reading.read to popbase_audit;
reset role;

-- Where the server has pgaudit loaded, it logs every statement that reads a shared view, without its text, which may hold values.
do $$
begin
    if current_setting('shared_preload_libraries') ~ '\mpgaudit\M' then
        create extension if not exists pgaudit;
        execute format('alter database %I set pgaudit.role = popbase_watched', current_database());
        execute format('alter database %I set pgaudit.log_statement = off', current_database());
        execute format('alter database %I set pgaudit.log_rows = on', current_database());
    end if;
end
$$;
