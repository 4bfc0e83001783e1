-- The publications, the newest first, and which one readers see.
select
    p.number, p.state, p.released_at, r.persons, r.records, p.content_hash, p.number = w.number as is_seen,
    (select count(*) from resolution.conflict as c where c.run_id = p.run_id) as conflicts
from publication.publication as p
join ledger.run as r on r.run_id = p.run_id
cross join publication.pointer as w
order by p.number desc
limit 60;
