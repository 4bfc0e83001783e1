-- The gate's decisions: on the batches, and on the tables of the staged publication.
select subject, decision, reasons, suite_sha256, judged_at
from quality.verdict
where subject = any(%s) or subject = %s::text or starts_with(subject, %s::text || '/')
order by subject;
