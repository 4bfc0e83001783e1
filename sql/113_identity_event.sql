-- Why persons merge, part and come back, and which event another one undid.
alter table resolution.event
    drop constraint event_kind_check,
    add constraint event_kind_check check (kind in ('merged', 'split', 'restored'));
comment on column resolution.event.kind is
'merged: person_id now stands for other_id. split: other_id took records out of person_id. restored: other_id, merged away before, stands again, its records out of person_id.';

create table resolution.event_cause (
    event_id bigint primary key references resolution.event,
    cause    text not null,
    record_a text,
    record_b text,
    undoes   bigint references resolution.event,
    check (record_a < record_b collate "C")
);
comment on table resolution.event_cause is 'What caused an event; append-only.';
comment on column resolution.event_cause.cause is
'Of a merge the method of the weakest link on the strongest path; of a parting what forbids the link: judgement, judgement_undone, two_ids, too_large, or link_lost where nothing links the records any more.';
comment on column resolution.event_cause.record_a is 'With record_b the two records the cause is about, where it is about two.';
comment on column resolution.event_cause.undoes is 'The merge that a restored person came back from.';

create trigger event_cause_is_kept before update or delete or truncate on resolution.event_cause
    for each statement execute function resolution.refuse_change();
