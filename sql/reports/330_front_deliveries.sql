-- The last deliveries that landed, the newest first.
select
    b.batch_id, b.feed, b.sequence, b.data_date, b.mode, b.status, b.rows_received, v.decision, b.landed_at,
    coalesce(q.rows, 0) as quarantined, coalesce(r.failed, 0) as rules_failed, coalesce(r.unchecked, 0) as unchecked
from ledger.batch as b
left join quality.verdict as v on v.subject = b.batch_id
left join lateral (select count(*) as rows from quality.quarantine where batch_id = b.batch_id) as q on true
left join lateral (
    select
        count(*) filter (where status = 'failed') as failed,
        count(*) filter (where status = 'not_checked') as unchecked
    from quality.rule_result
    where subject = b.batch_id
) as r on true
order by b.data_date desc, b.feed, b.position desc, b.arrival desc
limit 500;
