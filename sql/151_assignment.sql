-- To whom each record was ever given, so that what a certificate said of the memberships can still be compared when
-- later runs have changed them.
create table resolution.assignment (
    assignment_id bigint generated always as identity primary key,
    record_key    text not null,
    person_id     text not null,
    run_id        text not null
);
comment on table resolution.assignment is
'Every time a record was given to a person, by which run; append-only. The last one of a record is its membership.';

insert into resolution.assignment (record_key, person_id, run_id)
select record_key, person_id, run_id from resolution.membership order by record_key collate "C";

create function resolution.note_assignment() returns trigger
language plpgsql as $$
begin
    insert into resolution.assignment (record_key, person_id, run_id)
    select record_key, person_id, run_id from given order by record_key collate "C";
    return null;
end
$$;
comment on function resolution.note_assignment is 'Writes down what a statement changed in the memberships.';

create trigger membership_given after insert on resolution.membership
referencing new table as given for each statement execute function resolution.note_assignment();
create trigger membership_moved after update on resolution.membership
referencing new table as given for each statement execute function resolution.note_assignment();
