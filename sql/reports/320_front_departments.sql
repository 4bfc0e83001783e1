-- The work list of every department.
select
    department,
    count(*) filter (where state = 'raised') as raised,
    count(*) filter (where state in ('marked', 'verifying')) as issued,
    count(*) filter (where state in ('corrected', 'rejected')) as answered,
    count(*) filter (where state = 'closed' and outcome = 'corrected') as fixed,
    count(*) filter (where state in ('marked', 'verifying') and due_on < %s) as overdue,
    min(due_on) filter (where state in ('marked', 'verifying')) as next_due
from feedback.finding
group by department
order by department;
