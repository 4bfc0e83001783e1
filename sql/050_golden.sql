-- What is published. golden.person and one table for each contract that publishes are made from the contracts; each
-- row says in which publications it stood: from <= n and (to is null or to > n).
create schema golden;

create table golden.provenance (
    table_name       text not null,
    row_key          text not null,
    attribute        text not null,
    record_key       text not null,
    rule             text not null,
    from_publication integer not null,
    to_publication   integer,
    check (to_publication > from_publication)
);
create index provenance_row on golden.provenance (row_key);
comment on table golden.provenance is
'Which record said the published value of an attribute, and by which rule it won.';
comment on column golden.provenance.from_publication is 'The first publication it stood in.';
comment on column golden.provenance.to_publication is 'The first publication it no longer stood in.';
