-- Seconds and rows of each stage.
select stage, sum(seconds) as seconds, sum(rows)::bigint as rows, count(*) as subjects
from ledger.stage_time
where subject = any(%s)
group by stage
order by stage;
