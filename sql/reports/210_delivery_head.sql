-- The delivery a page is about, with the gate's decision.
select
    b.batch_id, b.feed, b.sequence, b.position, b.data_date, b.mode, b.status, b.rows_received, b.content_sha256,
    b.contract_sha256, coalesce(v.suite_sha256, b.suite_sha256) as suite_sha256, b.reason_code, b.landed_at,
    b.accepted_at, b.version, v.decision, coalesce(v.reasons, '{}') as reasons, v.code_sha256
from ledger.batch as b
left join quality.verdict as v on v.subject = b.batch_id
where b.batch_id = %s;
