-- Who signed a subject, as what, and with what remark.
select role, signed_by, remark, signed_at
from ledger.signature
where subject = %s
order by signature_id;
