-- Persons created, merged and split by the run.
select kind, count(*) as events from resolution.event where run_id = %s group by kind order by kind;
