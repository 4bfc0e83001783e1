-- Prepares a database for popbase: roles, ownership, and what readers may not do. A superuser runs it once, in the
-- empty database popbase is to use, and again when a department joins or policies/access.yml has changed:
--
--   createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 popbase
--   popbase database bootstrap | psql --set=ON_ERROR_STOP=1 --single-transaction --dbname=popbase
--   psql --dbname=popbase --command='\password popbase_pipeline'
--
-- (`popbase database bootstrap` prints this file and the departments' roles after it.) From then on popbase logs in
-- as popbase_pipeline and needs no superuser. A person of a department gets a login of their own that is a member of
-- the department's popbase_reader_<department>.
--
--   popbase_owner         owns every schema and table; nobody logs in as it
--   popbase_pipeline      runs the stages, as a member of the owner; neither superuser nor BYPASSRLS
--   popbase_reader        what every department may; each has a role of its own, and policies/access.yml says what it sees;
--                         popbase_pipeline may take on such a role, to export what its department may read and no more

do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (values
            ('popbase_owner', 'nologin'), ('popbase_pipeline', 'login'),
            ('popbase_reader', 'nologin')
        ) as roles (name, attribute)
    loop
        if not exists (select from pg_roles where rolname = wanted.name) then
            execute format('create role %I %s', wanted.name, wanted.attribute);
        end if;
    end loop;
    if exists (
        select from pg_roles
        where rolname in ('popbase_owner', 'popbase_pipeline', 'popbase_reader')
            and (rolsuper or rolbypassrls or rolcreaterole)
    ) then
        raise exception 'a role of popbase has rights it must not have';
    end if;
end
$$;

grant popbase_owner to popbase_pipeline;

do $$
begin
    execute format('alter database %I owner to popbase_owner', current_database());
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to popbase_reader', current_database());
end
$$;
revoke all on schema public from public;
alter default privileges for role popbase_owner revoke execute on functions from public;

-- Readers store nothing (large objects) and hold nobody up (advisory locks).
do $$
declare
    risky regprocedure;
begin
    for risky in
        select oid
        from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace
            and (
                proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_open', 'lowrite')
                or proname like 'pg\_%advisory%lock%'
            )
    loop
        execute format('revoke execute on function %s from public', risky);
        execute format('grant execute on function %s to popbase_owner', risky);
    end loop;
end
$$;
