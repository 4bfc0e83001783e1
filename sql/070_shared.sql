-- What departments read: the schema `shared`. Its views are made from the contracts and policies/access.yml.
-- Here are the masks and the number of the publication that is seen.
create schema shared;
grant usage on schema shared to popbase_reader;

create function shared.masked_name(value text) returns text
language sql immutable parallel safe
return left(value, 1) || '**';
comment on function shared.masked_name is 'The first character only; not even the length shows.';

create function shared.masked_identity_number(value text) returns text
language sql immutable parallel safe
return case when char_length(value) = 18 then left(value, 6) || '********' || right(value, 4) else left(value, 0) || '********' end;
comment on function shared.masked_identity_number is
'The first six and the last four of 18 characters; the eight between them are the birth date.';

create function shared.masked_telephone(value text) returns text
language sql immutable parallel safe
return case when char_length(value) >= 11 then left(value, 3) || '****' || right(value, 4) else left(value, 0) || '****' end;
comment on function shared.masked_telephone is 'The first three and the last four digits of a mobile number.';

create function shared.masked_address(value text) returns text
language sql immutable parallel safe
return coalesce(substring(value from '^.*?(?<!小)[县区旗]'), left(value, 3)) || '***';
comment on function shared.masked_address is 'Cut after the county or district.';

create function shared.masked_year(value date) returns date
language sql immutable parallel safe
return make_date(extract(year from value)::integer, 1, 1);
comment on function shared.masked_year is
'1 January of the year: with the whole date, the masked identity number could be completed.';

grant execute on all functions in schema shared to popbase_reader;

create view shared.publication with (security_barrier) as
select p.number, p.released_at
from publication.publication as p
where p.number = (select number from publication.pointer);
grant select on shared.publication to popbase_reader;
comment on view shared.publication is 'The publication all views of this schema show.';
