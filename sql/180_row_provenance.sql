-- Who said the values of a row, in one line a row instead of one a value: a thirteenth of the rows to write, to index
-- and to compare. golden.provenance shows the same as before, a line a value.
create table golden.row_provenance (
    table_name       text not null,
    row_key          text not null,
    attributes       text[] not null,
    record_keys      text[] not null,
    rules            text[] not null,
    row_hash         bytea not null,
    from_publication integer not null,
    to_publication   integer,
    check (to_publication > from_publication)
);
comment on table golden.row_provenance is
'Which records said the published values of a row, and by which rules they won.';
comment on column golden.row_provenance.attributes is 'The attributes that somebody spoke for, in order.';
comment on column golden.row_provenance.record_keys is 'The record that said each of them.';
comment on column golden.row_provenance.rules is 'The rule by which each won.';
comment on column golden.row_provenance.row_hash is 'SHA-256 of all that is said of the row.';
comment on column golden.row_provenance.from_publication is 'The first publication it stood in.';
comment on column golden.row_provenance.to_publication is 'The first publication it no longer stood in.';

create function golden.written(list text[]) returns text
language sql immutable parallel safe
return '{"' || (
    select string_agg(replace(replace(item, '\', '\\'), '"', '\"'), '","' order by place)
    from unnest(list) with ordinality as listed (item, place)
) || '"}';
comment on function golden.written is 'An array with every item in quotes.';

create function golden.said_hash(
    table_name text, row_key text, attributes text[], record_keys text[], rules text[]
) returns bytea
language sql immutable parallel safe
return (
    select sha256(convert_to(string_agg(name || '=' || octet_length(value) || ':' || value, '' order by name), 'UTF8'))
    from (values
        ('attributes', golden.written(attributes)), ('record_keys', golden.written(record_keys)),
        ('row_key', row_key), ('rules', golden.written(rules)), ('table_name', table_name)
    ) as told (name, value)
);
comment on function golden.said_hash is 'The hash of all that is said of a row, as it is made when a publication is staged.';

with edge as (
    select table_name, row_key, from_publication as number from golden.provenance
    union
    select table_name, row_key, to_publication from golden.provenance where to_publication is not null
), span as (
    select table_name, row_key, number,
        lead(number) over (partition by table_name, row_key order by number) as until
    from edge
), said as (
    select s.table_name, s.row_key, s.number, s.until,
        array_agg(p.attribute order by p.attribute collate "C", p.record_key collate "C") as attributes,
        array_agg(p.record_key order by p.attribute collate "C", p.record_key collate "C") as record_keys,
        array_agg(p.rule order by p.attribute collate "C", p.record_key collate "C") as rules
    from span as s
    join golden.provenance as p
        on p.table_name = s.table_name and p.row_key = s.row_key
        and p.from_publication <= s.number and (p.to_publication is null or p.to_publication > s.number)
    group by s.table_name, s.row_key, s.number, s.until
)
insert into golden.row_provenance
    (table_name, row_key, attributes, record_keys, rules, row_hash, from_publication, to_publication)
select table_name, row_key, attributes, record_keys, rules,
    golden.said_hash(table_name, row_key, attributes, record_keys, rules), number, until
from said
order by table_name collate "C", row_key collate "C", number;

create unique index row_provenance_version on golden.row_provenance (row_key, table_name, from_publication);

drop table golden.provenance;
create view golden.provenance with (security_barrier) as
select p.table_name, p.row_key, said.attribute, said.record_key, said.rule, p.from_publication, p.to_publication
from golden.row_provenance as p
cross join lateral unnest(p.attributes, p.record_keys, p.rules) as said (attribute, record_key, rule);
comment on view golden.provenance is
'Which record said the published value of an attribute, and by which rule it won: a line a value.';
comment on column golden.provenance.from_publication is 'The first publication it stood in.';
comment on column golden.provenance.to_publication is 'The first publication it no longer stood in.';
