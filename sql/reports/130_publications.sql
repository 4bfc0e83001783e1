-- The publications up to this one, newest first.
select p.number, p.state, p.staged_at, p.released_at, r.persons, r.records
from publication.publication as p
join ledger.run as r on r.run_id = p.run_id
where %s::integer is null or p.number <= %s::integer
order by p.number desc
limit 12;
