-- Where each run linked: everything, or what changed since another run, by that one's model.
create table resolution.linking (
    run_id      text primary key references ledger.run,
    model       text not null,
    base_run    text references resolution.linking,
    made_with   text not null,
    records     bigint not null,
    reached     bigint not null,
    changed     bigint not null,
    reason      text,
    linked_at   timestamptz not null default now(),
    check (base_run <> run_id)
);
comment on table resolution.linking is 'What each run linked, and by which model; what it left for the next lies in the lake under linking/<run>.';
comment on column resolution.linking.model is 'The kept model, by the hash of its content; model/<name> in the lake.';
comment on column resolution.linking.base_run is 'The run whose links stand where nothing changed; null where everything was linked.';
comment on column resolution.linking.made_with is 'The version that hashed contents; another one hashes otherwise.';
comment on column resolution.linking.records is 'Records there were.';
comment on column resolution.linking.reached is 'Records that were linked: changed ones and all that they could touch.';
comment on column resolution.linking.changed is 'Records that changed since the model was fitted.';
comment on column resolution.linking.reason is 'Why everything was linked; null where it was not.';
