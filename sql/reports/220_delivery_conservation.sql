-- Rows of the delivery at each stage.
select stage, rows_in, rows_on, quarantined, superseded, refused
from ledger.conservation
where batch_id = %s
order by rows_in desc, rows_on desc, stage;
