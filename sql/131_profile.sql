-- What a delivery looks like as a whole: aggregates only, categories of code lists only; nothing of a person.
create table quality.profile (
    batch_id    text not null references ledger.batch,
    measure     text not null check (measure in ('rows', 'blank', 'share')),
    column_name text not null,
    category    text not null,
    value       double precision not null,
    centre      double precision,
    low         double precision,
    high        double precision,
    is_outside  boolean,
    primary key (batch_id, measure, column_name, category)
);
comment on table quality.profile is 'Rows, share of blanks and share of codes of a delivery, with control limits from the last twelve of its mode.';
comment on column quality.profile.is_outside is 'Null where fewer than four deliveries came before, or too few rows to judge a share.';
