-- Rows of the published tables that broke a rule at the newest audit, as faults of the records they came from.
create table feedback.audited (
    feed        text not null,
    record_key  text not null,
    column_name text not null,
    code        text not null,
    batch_id    text not null references ledger.batch,
    publication integer not null,
    primary key (feed, record_key, column_name, code)
);
comment on table feedback.audited is
'What the newest audit of the published tables found, by the record that said it; replaced by the next audit.';
comment on column feedback.audited.column_name is 'The columns as the department calls them, joined.';
comment on column feedback.audited.code is 'The rule of the published suite.';
comment on column feedback.audited.batch_id is 'The delivery that said the record when the audit was made.';
