-- Columns of the delivery that are not as agreed, and whether the feed's delivery before it had the same.
with this as (
    select d.feed, b.batch_id, d.notes, b.position, b.arrival
    from ledger.delivery as d
    join ledger.batch as b using (batch_id)
    where d.batch_id = %s and d.outcome = 'landed'
),
before as (
    select d.notes, b.batch_id
    from ledger.delivery as d
    join ledger.batch as b using (batch_id)
    cross join this as t
    where b.feed = t.feed and d.outcome = 'landed' and (b.position, b.arrival) < (t.position, t.arrival)
    order by b.position desc, b.arrival desc
    limit 1
)
select
    split_part(note, ' ', 1) as reason_code, substr(note, strpos(note, ' ') + 1) as column_name,
    null as agreed_type, null as found_look, note not in (select unnest(notes) from before) as is_new
from this
cross join lateral unnest(this.notes) as note
where note like 'PB-HD-%%'
union all
select
    'PB-HD-014', r.column_name, r.agreed_type, r.found_look,
    r.column_name not in (select column_name from quality.retyped join before using (batch_id))
from quality.retyped as r
join this using (batch_id)
order by 1, 2;
