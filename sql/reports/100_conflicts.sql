-- Cases for a person to judge, counted; their record keys stay in the database.
select reason_code, count(*) as cases, sum(cardinality(record_keys))::bigint as records
from resolution.conflict
where run_id = %s
group by reason_code
order by cases desc, reason_code;
