-- How many rows of the delivery have two reasons at once; on the diagonal, how many have the reason at all.
select reason_a, reason_b, rows from quality.reason_overlap where batch_id = %s order by reason_a, reason_b;
