-- What arrived, what became of it, and whether every row is accounted for.
create schema ledger;

create table ledger.delivery (
    delivery_id     bigint generated always as identity primary key,
    feed            text not null,
    folder          text not null,
    manifest_sha256 text not null,
    data_date       date,
    sequence        integer,
    mode            text,
    sender          text,
    rows_received   bigint,
    content_sha256  text,
    outcome         text not null check (outcome in ('landed', 'refused', 'redelivered')),
    reason_code     text,
    facts           jsonb not null default '{}',
    notes           text[] not null default '{}',
    batch_id        text,
    seen_at         timestamptz not null default now(),
    unique (feed, folder, manifest_sha256)
);
comment on table ledger.delivery is 'Every delivery seen, refused ones and re-deliveries too.';

create table ledger.batch (
    batch_id        text primary key,
    feed            text not null,
    sequence        integer not null,
    position        integer not null,
    data_date       date not null,
    mode            text not null check (mode in ('full', 'incremental')),
    content_sha256  text not null,
    manifest        jsonb not null,
    rows_received   bigint not null,
    status          text not null check (status in (
        'landed', 'standardised', 'accepted', 'waiting', 'refused', 'replaced', 'withdrawn')),
    contract_sha256 text not null,
    suite_sha256    text,
    landed_at       timestamptz not null default now(),
    accepted_at     timestamptz
);
comment on table ledger.batch is 'A delivery that was landed. Of one (feed, position) one batch is in effect.';
comment on column ledger.batch.position is 'Its place in the order of effect: its own sequence, or the one it replaces.';
create unique index batch_in_effect on ledger.batch (feed, position)
    where status in ('landed', 'standardised', 'accepted', 'waiting');

create table ledger.conservation (
    batch_id    text not null references ledger.batch,
    stage       text not null,
    rows_in     bigint not null,
    rows_on     bigint not null,
    quarantined bigint not null default 0,
    superseded  bigint not null default 0,
    refused     bigint not null default 0,
    primary key (batch_id, stage),
    check (rows_in = rows_on + quarantined + superseded + refused)
);
comment on table ledger.conservation is 'Rows in = rows on + quarantined + superseded + refused, held by the database itself.';

create table ledger.run (
    run_id           text primary key,
    base_publication integer not null,
    inputs           jsonb not null,
    records          bigint not null,
    persons          bigint,
    stage            text not null check (stage in ('resolved', 'survived', 'staged', 'released', 'refused')),
    started_at       timestamptz not null default now(),
    finished_at      timestamptz
);
comment on table ledger.run is 'One population run: the batches it used and how far it came.';

create table ledger.stage_time (
    subject     text not null,
    stage       text not null,
    seconds     double precision not null,
    rows        bigint not null,
    finished_at timestamptz not null default now(),
    primary key (subject, stage)
);
comment on table ledger.stage_time is 'Seconds and rows of each stage; subject is a batch or a run.';

create table ledger.approval (
    approval_id bigint generated always as identity primary key,
    subject     text not null,
    approved_by text not null,
    reason      text not null,
    approved_at timestamptz not null default now()
);
comment on table ledger.approval is 'Who let a waiting batch or publication go on, when and why; append-only.';
