-- Rows in, on, quarantined, superseded and refused of each batch and stage.
select batch_id, stage, rows_in, rows_on, quarantined, superseded, refused
from ledger.conservation
where batch_id = any(%s)
order by batch_id, rows_in desc, rows_on desc, stage;
