-- Waivers in force on a day.
select waiver_id, feed, rule_id, waived_by, reason, valid_until, waived_at
from quality.waiver
where ended_at is null and valid_until >= %s
order by valid_until, waiver_id;
