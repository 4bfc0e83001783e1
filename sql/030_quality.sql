-- What was found wrong. No value of a person stands here: row numbers, columns, codes and counts.
create schema quality;

create table quality.quarantine (
    batch_id     text not null references ledger.batch,
    row_number   integer not null,
    reason_codes text[] not null,
    stage        text not null,
    primary key (batch_id, row_number)
);
comment on table quality.quarantine is 'Rows that could not be read as records, with all reasons.';

create table quality.fault_count (
    batch_id    text not null references ledger.batch,
    column_name text not null,
    reason_code text not null,
    rows        bigint not null,
    primary key (batch_id, column_name, reason_code)
);
comment on table quality.fault_count is 'Faults of values by column and reason; the rows are in the lake, faults/<batch>.';

create table quality.rule_result (
    subject   text not null,
    rule_id   text not null,
    severity  text not null,
    status    text not null check (status in ('passed', 'failed', 'not_checked')),
    examined  bigint,
    failed    bigint,
    share     double precision,
    warn_at   double precision,
    reject_at double precision,
    indicator text not null,
    basis     text not null,
    office    text not null,
    zh        text not null,
    en        text not null,
    reason    text,
    primary key (subject, rule_id)
);
comment on table quality.rule_result is 'One row a rule and subject; subject is a batch id, or publication:<number>/<table>.';

create table quality.verdict (
    subject      text primary key,
    decision     text not null check (decision in ('release', 'reservations', 'stop')),
    reasons      text[] not null default '{}',
    suite_sha256 text not null,
    document     jsonb not null,
    judged_at    timestamptz not null default now()
);
comment on table quality.verdict is 'The gate''s decision, with the allow-listed result of Great Expectations.';
