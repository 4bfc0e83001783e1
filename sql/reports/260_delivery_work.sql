-- The work list of what this delivery is the last to say: findings by reason and state.
select
    code as reason_code,
    count(*) as findings,
    count(*) filter (where state = 'raised') as raised,
    count(*) filter (where state in ('marked', 'verifying')) as issued,
    count(*) filter (where state in ('corrected', 'rejected')) as answered,
    count(*) filter (where state = 'closed') as closed,
    count(*) filter (where state in ('marked', 'verifying') and due_on < %s) as overdue,
    min(due_on) filter (where state in ('marked', 'verifying')) as next_due,
    s.zh, s.en
from feedback.finding
cross join lateral unnest(reason_codes) as code
left join feedback.sentence as s using (code)
where batch_id = %s
group by code, s.zh, s.en
order by findings desc, code;
