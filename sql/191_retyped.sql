-- Columns whose values are mostly not of their agreed type (PB-HD-014): which, and what they look like instead.
create table quality.retyped (
    batch_id    text not null references ledger.batch,
    column_name text not null,
    agreed_type text not null,
    found_look  text not null,
    primary key (batch_id, column_name)
);
comment on table quality.retyped is 'Columns of a delivery most of whose values could not be read as agreed.';
comment on column quality.retyped.column_name is 'The column as the contract calls it at its source.';
comment on column quality.retyped.found_look is 'What most of those values look like: date, digits, decimal, letters, chinese or text.';
