-- Deliveries seen after the run of the publication before this one, and those of this run's new batches.
with wanted (run_id) as (values (%s::text)),
span as (
    select
        r.started_at as until_at, b.started_at as after_at,
        coalesce(r.inputs::text, '') as used, coalesce(b.inputs::text, '') as used_before
    from wanted as w
    left join ledger.run as r on r.run_id = w.run_id
    left join publication.publication as bp on bp.number = r.base_publication
    left join ledger.run as b on b.run_id = bp.run_id
)
select
    d.feed, d.folder, d.data_date, d.sequence, d.mode, d.rows_received, d.outcome,
    d.reason_code, d.facts, d.notes, d.batch_id, d.seen_at
from ledger.delivery as d
cross join span as s
where
    (
        (s.after_at is null or d.seen_at > s.after_at)
        and (s.until_at is null or d.seen_at <= s.until_at)
    )
    or (
        d.outcome = 'landed'
        and position('"' || d.batch_id || '"' in s.used) > 0
        and position('"' || d.batch_id || '"' in s.used_before) = 0
    )
order by d.feed, d.sequence nulls last, d.seen_at, d.folder;
