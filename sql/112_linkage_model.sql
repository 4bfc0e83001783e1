-- By what model and policy each run linked, so that its links can be explained later.
create table resolution.model (
    run_id  text primary key references ledger.run,
    summary jsonb not null,
    policy  jsonb not null
);
comment on table resolution.model is 'The model of each run: what was estimated, and the whole policy it was run by; no value of a person.';
