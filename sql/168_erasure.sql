-- Deliveries that were destroyed, by order or because their retention was over: that, when, by whom and why stays. Hashes
-- in certificates and events stay too, so verify can tell what was erased from what was altered.
create table ledger.erasure (
    erasure_id      bigint generated always as identity primary key,
    batch_id        text not null unique references ledger.batch,
    content_sha256  text not null,
    kind            text not null check (kind in ('order', 'retention')),
    order_reference text check (order_reference <> ''),
    reason          text not null check (reason <> ''),
    erased_by       text not null check (erased_by <> ''),
    erased_at       timestamptz not null default now(),
    check (kind = 'retention' or order_reference is not null)
);
comment on table ledger.erasure is
'Deliveries whose bytes, rows and derived files are destroyed; append-only, each an event of the audit chain.';
comment on column ledger.erasure.content_sha256 is 'What the delivered bytes hashed to.';
comment on column ledger.erasure.kind is 'order: somebody ordered it. retention: the years its contract names were over.';

insert into audit.watched values
('erased', 'ledger.erasure', 'erasure_id', 'erased_by', 'batch_id content_sha256 kind');
create trigger is_audited after insert or update or delete on ledger.erasure for each row
    execute function audit.note('erased', 'erasure_id', 'erased_by', 'batch_id content_sha256 kind');
create trigger erasure_is_kept before update or delete or truncate on ledger.erasure
    for each statement execute function resolution.refuse_change();
