-- Which records are one person. Links themselves are Parquet in the lake, links/<run>; here stand counts and cases.
create schema resolution;

create table resolution.person (
    person_id   text primary key,
    number      bigint not null unique,
    first_run   text not null,
    redirect_to text references resolution.person
);
comment on table resolution.person is 'Every person_id ever given; a merge leaves a redirect to the older one.';

create table resolution.membership (
    record_key text primary key,
    person_id  text not null references resolution.person,
    run_id     text not null
);
create index membership_person on resolution.membership (person_id);
comment on table resolution.membership is 'Of each record the person it last belonged to; records that left stay, so that ids come back.';

create table resolution.link_count (
    run_id text not null references ledger.run,
    method text not null,
    links  bigint not null,
    primary key (run_id, method)
);
comment on table resolution.link_count is 'Links of a run by the method that made them.';

create table resolution.conflict (
    run_id      text not null references ledger.run,
    conflict_id text not null,
    reason_code text not null,
    record_keys text[] not null,
    primary key (run_id, conflict_id)
);
comment on table resolution.conflict is 'Cases for a person to judge: one ID on two people, an ID that name and birth date speak against.';

create table resolution.event (
    event_id    bigint generated always as identity primary key,
    run_id      text not null references ledger.run,
    kind        text not null check (kind in ('merged', 'split')),
    person_id   text not null,
    other_id    text,
    occurred_at timestamptz not null default now()
);
comment on table resolution.event is 'Merges and splits of persons, with the run that caused them.';

create table resolution.judgement (
    judgement_id bigint generated always as identity primary key,
    record_a     text not null,
    record_b     text not null,
    verdict      text not null check (verdict in ('positive', 'negative', 'unsure')),
    judged_by    text not null,
    reason       text not null,
    judged_at    timestamptz not null default now(),
    check (record_a < record_b)
);
comment on table resolution.judgement is 'What people decided about two records; append-only, the last one counts.';
