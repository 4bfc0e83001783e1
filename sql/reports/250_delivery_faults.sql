-- Values at fault in the delivery, by column and reason.
select column_name, reason_code, rows
from quality.fault_count
where batch_id = %s
order by rows desc, column_name, reason_code;
