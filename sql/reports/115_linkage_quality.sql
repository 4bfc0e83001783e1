-- What linking was worth where the number was hidden, by group.
select
    grouping, member, hidden, linkable, "right", wrong, precision, precision_low, precision_high,
    recall, recall_low, recall_high
from resolution.quality
where run_id = %s
order by "position";
