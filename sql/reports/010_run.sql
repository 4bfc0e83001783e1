-- The run and its publication, with what the publication before it had. Newest when nothing is named.
with wanted (run_id, number) as (values (%s::text, %s::integer))
select
    r.run_id, r.inputs, r.stage, r.records, r.persons, r.started_at, r.finished_at,
    p.number, p.state, p.content_hash, p.counts, p.staged_at, p.released_at, p.released_by,
    coalesce(p.base, r.base_publication) as base,
    b.records as base_records, b.persons as base_persons, b.inputs as base_inputs,
    m.policy as linkage, bm.policy as base_linkage,
    current_setting('server_version') as server_version
from wanted as w
cross join ledger.run as r
left join publication.publication as p on p.run_id = r.run_id
left join publication.publication as bp on bp.number = coalesce(p.base, r.base_publication)
left join ledger.run as b on b.run_id = bp.run_id
left join resolution.model as m on m.run_id = r.run_id
left join resolution.model as bm on bm.run_id = b.run_id
where (w.run_id is null or r.run_id = w.run_id)
    and (w.number is null or p.number = w.number)
order by r.started_at desc, p.number desc nulls last, r.run_id
limit 1;
