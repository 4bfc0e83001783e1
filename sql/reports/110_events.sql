-- What became of person ids in the run, and why.
select e.kind, c.cause, count(*) as events
from resolution.event as e left join resolution.event_cause as c using (event_id)
where e.run_id = %s
group by e.kind, c.cause
order by e.kind, events desc, c.cause;
