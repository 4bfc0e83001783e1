-- Who answers for a delivery or a publication, and which rules were waived for how long.
create table ledger.signature (
    signature_id bigint generated always as identity primary key,
    subject      text not null,
    role         text not null check (role in ('preparer', 'reviewer', 'approver')),
    signed_by    text not null check (signed_by <> ''),
    remark       text not null default '',
    content_hash text not null,
    signed_at    timestamptz not null default now(),
    unique (subject, role, content_hash),
    unique (subject, signed_by, content_hash)
);
comment on table ledger.signature is
'Three different people sign one content of a subject (a batch id, or publication:<number>), a role each; append-only.';
comment on column ledger.signature.content_hash is 'SHA-256 of what was signed; a signature on other content no longer counts.';

create table quality.waiver (
    waiver_id   bigint generated always as identity primary key,
    feed        text not null,
    rule_id     text not null,
    waived_by   text not null check (waived_by <> ''),
    reason      text not null check (reason <> ''),
    valid_until date not null,
    waived_at   timestamptz not null default now(),
    ended_at    timestamptz,
    ended_by    text,
    check ((ended_at is null) = (ended_by is null))
);
comment on table quality.waiver is
'For how long a rule''s failure does not stop a delivery of the feed; it stays a reservation, and is counted and shown as before.';
comment on column quality.waiver.valid_until is 'The last day on which a delivery is judged under it.';

create table quality.rule_waived (
    subject   text not null,
    rule_id   text not null,
    waiver_id bigint not null references quality.waiver,
    primary key (subject, rule_id)
);
comment on table quality.rule_waived is 'Which waiver kept which rule from stopping which delivery.';

create table ledger.unmasking (
    unmasking_id bigint generated always as identity primary key,
    subject      text not null,
    seed         bigint not null,
    cases        integer not null,
    person_ids   text[] not null,
    unmasked_by  text not null check (unmasked_by <> ''),
    purpose      text not null check (purpose <> ''),
    unmasked_at  timestamptz not null default now()
);
comment on table ledger.unmasking is 'Who saw which persons of an audit sample unmasked, and what for; append-only.';
