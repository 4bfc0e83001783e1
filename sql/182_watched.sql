-- Also followed by the audit chain: why persons merged or parted, which numbers a register corrected, which links were
-- drawn for people to judge. An event names the row by a number of its own, because their keys may hold a citizen ID.
alter table resolution.number_change add column change_id bigint generated always as identity;
comment on column resolution.number_change.change_id is 'By which the audit chain names it.';
alter table resolution.review_sample add column sample_id bigint generated always as identity;
comment on column resolution.review_sample.sample_id is 'By which the audit chain names it.';

insert into audit.watched values
('cause', 'resolution.event_cause', 'event_id', '', 'cause undoes'),
('number_change', 'resolution.number_change', 'change_id', '', 'batch_id'),
('drawn', 'resolution.review_sample', 'sample_id', 'drawn_by', 'run_id seed');

do $$
declare
    one record;
begin
    perform set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true);
    for one in select * from audit.watched where kind in ('cause', 'number_change', 'drawn') loop
        execute format(
            'create trigger is_audited after insert or update or delete on %s for each row'
            ' execute function audit.note(%L, %L, %L, %L)',
            one.table_name, one.kind, one.key, one.actor, one.facts);
        execute format(
            'insert into audit.event (kind, subject, actor, facts)'
            ' select %L, t.%I::text, %L, jsonb_build_object(''row'', audit.row_hash(t::text), ''stood_before'', true)'
            ' from %s as t order by t.%I',
            one.kind, one.key, 'popbase', one.table_name, one.key);
    end loop;
end
$$;
