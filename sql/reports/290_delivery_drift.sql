-- The delivery's profile, what lies outside its limits first, each with its course over the last twelve of its mode.
with this as (
    select feed, mode, position, arrival from ledger.batch where batch_id = %s
),
past as (
    select b.batch_id, row_number() over (order by b.position desc, b.arrival desc) as back
    from ledger.batch as b
    cross join this as t
    where b.feed = t.feed and b.mode = t.mode and (b.position, b.arrival) <= (t.position, t.arrival)
        and exists (select from quality.profile as p where p.batch_id = b.batch_id)
)
select
    p.measure, p.column_name, p.category, p.value, p.centre, p.low, p.high, p.is_outside,
    (
        select array_agg(coalesce(q.value, case when p.measure = 'share' then 0 end) order by o.back desc)
        from past as o
        left join quality.profile as q on q.batch_id = o.batch_id
            and (q.measure, q.column_name, q.category) = (p.measure, p.column_name, p.category)
        where o.back <= 12
    ) as history
from quality.profile as p
join past as n on n.batch_id = p.batch_id and n.back = 1
order by
    p.is_outside desc nulls last, array_position(array['rows', 'blank', 'share'], p.measure), p.column_name, p.category;
