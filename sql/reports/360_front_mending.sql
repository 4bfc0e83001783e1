-- Findings raised, sent out and mended, by month.
select
    to_char(e.happened_at, 'YYYY-MM') as month,
    count(*) filter (where e.to_state = 'raised') as raised,
    count(*) filter (where e.to_state = 'marked') as issued,
    count(*) filter (where e.to_state = 'closed' and e.done_by = 'popbase') as fixed,
    count(*) filter (where e.to_state = 'closed' and f.due_on < f.closed_on) as late
from feedback.event as e
join feedback.finding as f using (finding_id)
group by month
order by month desc
limit 24;
