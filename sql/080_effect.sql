-- Which deliveries are in effect: their order, who waits behind whom, what was withdrawn, what is done again.
create sequence ledger.arrival;

alter table ledger.batch
    drop constraint batch_status_check,
    add constraint batch_status_check check (status in (
        'landed', 'standardised', 'queued', 'waiting', 'accepted', 'refused', 'replaced', 'withdrawn')),
    add column arrival bigint not null default nextval('ledger.arrival'),
    add column redo text check (redo in ('landed', 'standardised')),
    add column version integer not null default 0,
    add column reason_code text;
comment on column ledger.batch.status is
'landed and standardised: on its way. queued: passed its gate, behind one that waits. waiting: for a person''s yes.
accepted: in effect at its place. replaced: a later arrival is in effect at that place.';
comment on column ledger.batch.arrival is 'Order in which deliveries were landed: of one place the last that passed its gate is in effect.';
comment on column ledger.batch.redo is 'How far a replay has come; until it is through, what was accepted before stays in effect.';
comment on column ledger.batch.version is 'How often it was validated: names what is accepted of it, together with its id.';
comment on column ledger.batch.reason_code is 'Why it was refused after it had landed.';

drop index ledger.batch_in_effect;
create unique index batch_in_effect on ledger.batch (feed, position) where status = 'accepted';
comment on table ledger.batch is 'A delivery that was landed. Of one (feed, position) at most one batch is in effect.';

create table ledger.withdrawal (
    withdrawal_id bigint generated always as identity primary key,
    batch_id      text not null references ledger.batch,
    was           text not null,
    withdrawn_by  text not null check (withdrawn_by <> ''),
    reason        text not null check (reason <> ''),
    withdrawn_at  timestamptz not null default now()
);
comment on table ledger.withdrawal is 'Who took which batch out of effect, when and why; append-only.';

create table ledger.replay (
    replay_id       bigint generated always as identity primary key,
    batch_id        text not null references ledger.batch,
    was             text not null,
    contract_sha256 text not null,
    suite_sha256    text,
    asked_by        text not null,
    reason          text,
    asked_at        timestamptz not null default now()
);
comment on table ledger.replay is 'Which batch was done again from its delivered bytes, and what it was by which contract and suite before; append-only.';
