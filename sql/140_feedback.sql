-- Faults that go back to their owners (疑义数据): what is wrong in the registers in effect, and what became of it.
create schema feedback;

create table feedback.finding (
    finding_id   bigint generated always as identity primary key,
    department   text not null,
    feed         text not null,
    kind         text not null check (kind in ('value', 'row')),
    record_key   text not null,
    column_name  text not null,
    reason_codes text[] not null,
    value        text,
    batch_id     text not null references ledger.batch,
    row_number   integer not null,
    first_batch  text not null references ledger.batch,
    first_seen   date not null,
    last_seen    date not null,
    state        text not null default 'raised' check (state in (
        'raised', 'marked', 'verifying', 'corrected', 'rejected', 'closed')),
    outcome      text check (outcome in ('corrected', 'stands')),
    marked_on    date,
    due_on       date,
    closed_on    date,
    returns      integer not null default 0,
    unique (feed, record_key, column_name),
    check ((state = 'closed') = (outcome is not null))
);
create index finding_state on feedback.finding (department, state);
comment on table feedback.finding is
'One row or value at fault, with all reasons. It holds the value as delivered: the owning department alone sees it, as shared.finding.';
comment on column feedback.finding.kind is 'value: the row went on; row: it was set aside.';
comment on column feedback.finding.record_key is 'The record; of a row that has no key, `<feed>|~` and a hash of its cells.';
comment on column feedback.finding.column_name is 'The column as the department calls it; empty for a row.';
comment on column feedback.finding.batch_id is 'The delivery in effect that says it last, and row_number its row there.';
comment on column feedback.finding.first_seen is 'Data date of the delivery that said it first.';
comment on column feedback.finding.state is
'raised: found. marked: sent to its owner, who has until due_on. verifying: the owner looks into it. corrected, rejected:
the owner''s answer. closed: a delivery in effect no longer says it, or the office let it stand.';
comment on column feedback.finding.returns is 'How often it was corrected and came back.';

create table feedback.event (
    event_id    bigint generated always as identity primary key,
    finding_id  bigint not null references feedback.finding,
    from_state  text,
    to_state    text not null,
    done_by     text not null,
    remark      text,
    happened_at timestamptz not null default now()
);
create index event_finding on feedback.event (finding_id);
comment on table feedback.event is 'Every change of a finding''s state; append-only.';

create table feedback.settled (
    feed       text primary key,
    chain      text not null,
    settled_at timestamptz not null default now()
);
comment on table feedback.settled is 'By which deliveries in effect the findings of a feed stand.';

create table feedback.exchange (
    exchange_id  bigint generated always as identity primary key,
    department   text not null,
    direction    text not null check (direction in ('out', 'in')),
    period       text not null,
    file_sha256  text not null,
    rows         integer not null,
    refused      integer not null default 0,
    done_by      text not null,
    exchanged_at timestamptz not null default now()
);
comment on table feedback.exchange is 'Feedback files given out and answers taken in; the files themselves are not kept.';

-- A reader's departments are the groups the reader is a member of, asked once a query.
create view shared.finding with (security_barrier) as
select
    f.finding_id, f.feed, f.kind, f.batch_id, f.row_number, f.column_name, f.reason_codes, f.value,
    f.first_seen, f.last_seen, f.state, f.outcome, f.marked_on, f.due_on, f.closed_on, f.returns
from feedback.finding as f
where f.department in (
    select substr(r.rolname, length('popbase_reader_') + 1)
    from pg_catalog.pg_roles as r
    where starts_with(r.rolname, 'popbase_reader_') and pg_has_role(current_user, r.oid, 'usage')
);
grant select on shared.finding to popbase_reader;
comment on view shared.finding is 'What is at fault in a department''s own deliveries; nobody else sees a row of it.';
