-- What each rule found, of batches and of the staged publication; counts only.
select
    r.subject, b.feed, r.rule_id, r.severity, r.status, r.examined, r.failed, r.warn_at,
    r.reject_at, r.warn_rows, r.reject_rows, r.change_at, r.usual, r.indicator, r.basis, r.office, r.zh, r.en, r.reason
from quality.rule_result as r
left join ledger.batch as b on b.batch_id = r.subject
where r.subject = any(%s) or r.subject = %s::text or starts_with(r.subject, %s::text || '/')
order by b.feed, r.rule_id, b.position, r.subject;
