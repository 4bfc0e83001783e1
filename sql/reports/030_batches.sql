-- Batches this report speaks of: those new since the publication before, and the newest used of every feed.
with wanted (run_id) as (values (%s::text)),
span as (
    select
        r.started_at as until_at, b.started_at as after_at,
        coalesce(r.inputs::text, '') as used, coalesce(b.inputs::text, '') as used_before
    from wanted as w
    left join ledger.run as r on r.run_id = w.run_id
    left join publication.publication as bp on bp.number = r.base_publication
    left join ledger.run as b on b.run_id = bp.run_id
),
marked as (
    select
        l.*, s.until_at, s.after_at,
        position('"' || l.batch_id || '"' in s.used) > 0 as is_used,
        position('"' || l.batch_id || '"' in s.used_before) > 0 as was_used
    from ledger.batch as l
    cross join span as s
),
placed as (
    select
        m.*,
        count(*) filter (where m.is_used) over (partition by m.feed) as used_batches,
        max(m.position) filter (where m.is_used) over (partition by m.feed) as newest_used,
        (m.is_used and not m.was_used)
        or (
            (m.after_at is null or m.landed_at > m.after_at)
            and (m.until_at is null or m.landed_at <= m.until_at)
        ) as is_new
    from marked as m
)
select
    batch_id, feed, sequence, position, data_date, mode, status, rows_received, content_sha256,
    contract_sha256, suite_sha256, reason_code, landed_at, is_used, is_new, used_batches,
    is_used and position = newest_used as is_latest
from placed
where is_new or (is_used and position = newest_used)
order by feed, position, sequence, landed_at, batch_id;
