-- Rows set aside by batch and reason, with the first few row numbers; a row may have several reasons.
select
    b.feed, b.batch_id, b.sequence, c.code as reason_code, count(*) as rows,
    (array_agg(q.row_number order by q.row_number))[1:6] as first_rows
from quality.quarantine as q
join ledger.batch as b on b.batch_id = q.batch_id
cross join lateral unnest(q.reason_codes) as c (code)
where q.batch_id = any(%s)
group by b.feed, b.batch_id, b.sequence, c.code
order by b.feed, b.sequence, b.batch_id, rows desc, c.code;
