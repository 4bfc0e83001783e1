-- Of whom each run made golden rows: of everybody, or of those whose records changed since the publication it starts from.
create table ledger.surviving (
    run_id      text primary key references ledger.run,
    base_run    text references ledger.run,
    made_with   text not null,
    chains      jsonb not null,
    persons     bigint not null,
    touched     bigint not null,
    reason      text,
    survived_at timestamptz not null default now(),
    check (base_run <> run_id),
    check ((base_run is null) = (reason is not null))
);
comment on table ledger.surviving is
'Of whom each run made golden rows; what it read of every record lies in the lake under said/<run>, as hashes.';
comment on column ledger.surviving.base_run is
'The run whose golden rows stand where nothing changed; null where all were made.';
comment on column ledger.surviving.made_with is 'The code and the version that hashed what was read; others hash otherwise.';
comment on column ledger.surviving.chains is 'By feed the register that was read.';
comment on column ledger.surviving.persons is 'Persons there are.';
comment on column ledger.surviving.touched is
'Persons whose golden rows were made; those who are not there any more count too.';
comment on column ledger.surviving.reason is 'Why all rows were made; null where they were not.';
