-- Values at fault by feed, column and reason.
select b.feed, f.column_name, f.reason_code, sum(f.rows)::bigint as rows
from quality.fault_count as f
join ledger.batch as b on b.batch_id = f.batch_id
where f.batch_id = any(%s)
group by b.feed, f.column_name, f.reason_code
order by b.feed, rows desc, f.column_name, f.reason_code;
