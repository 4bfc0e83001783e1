-- How many rows of the delivery have two reasons at once; on the diagonal, how many have the reason at all.
select o.reason_a, o.reason_b, o.rows, s.zh, s.en
from quality.reason_overlap as o
left join feedback.sentence as s on s.code = o.reason_a
where o.batch_id = %s
order by o.reason_a, o.reason_b;
