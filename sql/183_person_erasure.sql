-- One person erased by order: that, when, by whom and by what order stays; of the person, ids that mean nothing elsewhere.
-- No hash of an erased row stays: a citizen ID is soon found from one by trying. Instead the office signs what its
-- earlier certificates come to without the rows (publication.amendment).
create table ledger.person_erasure (
    erasure_id      bigint generated always as identity primary key,
    person_id       text not null unique references resolution.person,
    person_ids      text[] not null,
    order_reference text not null check (order_reference <> ''),
    reason          text not null check (reason <> ''),
    erased_by       text not null check (erased_by <> ''),
    erased_at       timestamptz not null default now(),
    erased_in       xid8 not null default pg_current_xact_id()
);
comment on table ledger.person_erasure is
'Persons whose records were erased everywhere by order; append-only, each an event of the audit chain.';
comment on column ledger.person_erasure.person_ids is 'Every person_id that any of the erased records ever had.';
comment on column ledger.person_erasure.erased_in is 'The transaction that erased: it alone may delete from tables that are else only added to.';

create table ledger.redaction (
    batch_id    text primary key references ledger.batch,
    row_numbers integer[] not null,
    raw_sha256  text
);
comment on table ledger.redaction is
'Deliveries that had rows of erased persons: their delivered bytes are destroyed, the other rows are kept as read.';
comment on column ledger.redaction.row_numbers is 'Rows of the delivery that are gone.';
comment on column ledger.redaction.raw_sha256 is 'Of the file raw/<batch> with the rows that stay; null where none could be read any more.';

create table ledger.withheld (
    key_hmac   text primary key,
    erasure_id bigint not null references ledger.person_erasure
);
comment on table ledger.withheld is
'What later deliveries may not bring back: HMAC-SHA-256 of citizen IDs and record keys, by a key that is a file of the data office.';

create table publication.amendment (
    amendment_id    bigint generated always as identity primary key,
    erasure_id      bigint not null unique references ledger.person_erasure,
    body            text not null,
    sha256          text not null check (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
    previous_sha256 text,
    signature       text not null,
    signed_at       timestamptz not null default now()
);
comment on table publication.amendment is
'What earlier certificates come to after an erasure by order; made when all of them still held, signed, each names the one before.';
comment on column publication.amendment.body is 'Canonical JSON: hashes and counts of the rows that stay, no value of a person.';
comment on column publication.amendment.signature is 'Ed25519 over the bytes of the body, base64.';

create or replace function resolution.refuse_change() returns trigger
language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') and tg_table_schema = 'resolution' and exists (
        select from ledger.person_erasure where erased_in = pg_current_xact_id_if_assigned()
    ) then
        return null;
    end if;
    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = '55000';
end
$$;

create trigger person_erasure_is_kept before update or delete or truncate on ledger.person_erasure
    for each statement execute function resolution.refuse_change();
create trigger withheld_is_kept before update or delete or truncate on ledger.withheld
    for each statement execute function resolution.refuse_change();
create trigger amendment_is_kept before update or delete or truncate on publication.amendment
    for each statement execute function resolution.refuse_change();

insert into audit.watched values
('person_erased', 'ledger.person_erasure', 'erasure_id', 'erased_by', 'person_id'),
('redacted', 'ledger.redaction', 'batch_id', '', 'raw_sha256'),
('withheld', 'ledger.withheld', 'key_hmac', '', 'erasure_id'),
('amended', 'publication.amendment', 'amendment_id', '', 'erasure_id sha256');
create trigger is_audited after insert or update or delete on ledger.person_erasure for each row
    execute function audit.note('person_erased', 'erasure_id', 'erased_by', 'person_id');
create trigger is_audited after insert or update or delete on ledger.redaction for each row
    execute function audit.note('redacted', 'batch_id', '', 'raw_sha256');
create trigger is_audited after insert or update or delete on ledger.withheld for each row
    execute function audit.note('withheld', 'key_hmac', '', 'erasure_id');
create trigger is_audited after insert or update or delete on publication.amendment for each row
    execute function audit.note('amended', 'amendment_id', '', 'erasure_id sha256');
