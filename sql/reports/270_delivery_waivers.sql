-- Waivers that held for the delivery, and whether they were used.
select
    w.waiver_id, w.rule_id, w.waived_by, w.reason, w.valid_until, w.waived_at, w.ended_at,
    u.rule_id is not null as is_used
from ledger.batch as b
join quality.waiver as w on w.feed = b.feed
left join quality.rule_waived as u on u.subject = b.batch_id and u.waiver_id = w.waiver_id
where b.batch_id = %s and (u.rule_id is not null or (w.valid_until >= b.data_date and w.ended_at is null))
order by w.waiver_id;
