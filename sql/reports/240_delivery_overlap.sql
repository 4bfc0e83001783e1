-- How many rows of the delivery have two reasons at once; on the diagonal, how many have the reason at all.
with row_reason as (
    select q.row_number, code
    from quality.quarantine as q
    cross join lateral unnest(q.reason_codes) as code
    where q.batch_id = %s
    union
    select f.row_number, code
    from feedback.finding as f
    cross join lateral unnest(f.reason_codes) as code
    where f.batch_id = %s
),
most as (
    select code, count(*) as rows from row_reason group by code order by rows desc, code limit 12
)
select a.code as reason_a, b.code as reason_b, count(*) as rows
from row_reason as a
join row_reason as b on b.row_number = a.row_number
where a.code in (select code from most) and b.code in (select code from most)
group by a.code, b.code
order by a.code, b.code;
