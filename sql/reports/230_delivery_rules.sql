-- What each rule found in the delivery, and its shares in the feed's last twelve deliveries, oldest first.
with this as (
    select feed, position, arrival from ledger.batch where batch_id = %s
),
past as (
    select b.batch_id, row_number() over (order by b.position desc, b.arrival desc) as back
    from ledger.batch as b
    cross join this as t
    where b.feed = t.feed and (b.position, b.arrival) <= (t.position, t.arrival)
        and exists (select from quality.rule_result as r where r.subject = b.batch_id)
),
shares as (
    select
        r.rule_id,
        array_agg(case when r.status <> 'not_checked' then coalesce(r.share, 0) end order by p.back desc) as history,
        max(r.share) filter (where p.back = 2) as share_before
    from quality.rule_result as r
    join past as p on p.batch_id = r.subject
    where p.back <= 12
    group by r.rule_id
)
select
    r.rule_id, r.severity, r.status, r.examined, r.failed, r.share, s.share_before, s.history, r.warn_at, r.reject_at,
    r.warn_rows, r.reject_rows, r.change_at, r.usual,
    r.indicator, r.basis, r.office, r.zh, r.en, r.reason, w.waiver_id
from quality.rule_result as r
join past as p on p.batch_id = r.subject and p.back = 1
left join shares as s on s.rule_id = r.rule_id
left join quality.rule_waived as w on w.subject = r.subject and w.rule_id = r.rule_id
order by
    array_position(array['failed', 'not_checked', 'passed'], r.status),
    array_position(array['reject_batch', 'quarantine_row', 'warn'], r.severity), r.share desc nulls last, r.rule_id;
