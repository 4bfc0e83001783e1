-- The audit chain: what happened, in one order, each event holding the hash of the one before it. Ids, counts and hashes,
-- no value of a person. Events are written by triggers in the transaction of their effect and chained as it commits,
-- so that writers wait for each other only then.
create schema audit;

create table audit.event (
    entry       bigint generated always as identity primary key,
    position    bigint unique,
    happened_at timestamptz not null default now(),
    kind        text not null check (kind !~ '[[:cntrl:]]'),
    subject     text not null check (subject !~ '[[:cntrl:]]'),
    actor       text not null check (actor !~ '[[:cntrl:]]'),
    facts       jsonb not null default '{}',
    previous    text,
    sha256      text
);
create index event_subject on audit.event (kind, subject);
comment on table audit.event is
'What happened, append-only and chained; the head is part of every certificate. popbase audit-log shows it.';
comment on column audit.event.position is 'Its place in the chain, from 1 without a gap.';
comment on column audit.event.subject is 'Of which row of which table: what a delivery, a publication, a signature is numbered by.';
comment on column audit.event.actor is 'Who did it, where that is told; else the login.';
comment on column audit.event.facts is 'Codes, counts and hashes; row is the SHA-256 of the row as it then was, null when it was removed.';
comment on column audit.event.sha256 is
'Over entry, position, previous, microseconds since 1970, kind, subject, actor and facts, each ended by the unit separator but the last.';

create function audit.keep() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.position is null and new.entry = old.entry then
        return new;
    end if;
    raise exception 'audit.event is append-only' using errcode = '55000';
end
$$;
create trigger event_is_kept before update or delete on audit.event for each row execute function audit.keep();
create trigger event_is_not_emptied before truncate on audit.event for each statement execute function audit.keep();

create function audit.chain() returns trigger
language plpgsql as $$
declare
    last record;
begin
    perform pg_advisory_xact_lock(hashtextextended('popbase audit', 0));
    select e.position, e.sha256 into last from audit.event as e where e.position is not null order by e.position desc limit 1;
    update audit.event as e
    set position = coalesce(last.position, 0) + 1,
        previous = last.sha256,
        sha256 = encode(sha256(convert_to(concat_ws(
            E'\x1f', e.entry, coalesce(last.position, 0) + 1, coalesce(last.sha256, ''),
            (extract(epoch from e.happened_at) * 1000000)::bigint, e.kind, e.subject, e.actor, e.facts::text), 'UTF8')), 'hex')
    where e.entry = new.entry;
    return null;
end
$$;
create constraint trigger event_is_chained after insert on audit.event
    deferrable initially deferred for each row execute function audit.chain();

create function audit.row_hash(told text) returns text
language sql immutable parallel safe
return encode(sha256(convert_to(rtrim(told, ',)'), 'UTF8')), 'hex');
comment on function audit.row_hash is 'Of a row written as text; columns that were added later and are null do not count.';

-- Arguments: kind, the column that numbers the row, the column that tells who (or empty), further columns to tell.
create function audit.note() returns trigger
language plpgsql
set timezone = 'UTC' set datestyle = 'ISO' set bytea_output = 'hex' as $$
declare
    is_gone constant boolean := tg_op = 'DELETE';
    told constant jsonb := case when is_gone then to_jsonb(old) else to_jsonb(new) end;
    facts jsonb := jsonb_build_object('row', case when is_gone then null else audit.row_hash(new::text) end);
    name text;
begin
    if tg_op = 'UPDATE' and new is not distinct from old then
        return null;
    end if;
    foreach name in array string_to_array(tg_argv[3], ' ') loop
        facts := facts || jsonb_build_object(name, told -> name);
    end loop;
    if tg_argv[0] = 'judged' then
        facts := facts || jsonb_build_object('rules', audit.rules_of(told ->> tg_argv[1]));
    end if;
    insert into audit.event (kind, subject, actor, facts)
    values (
        tg_argv[0], regexp_replace(told ->> tg_argv[1], '[[:cntrl:]]', ' ', 'g'),
        regexp_replace(coalesce(told ->> nullif(tg_argv[2], ''), session_user), '[[:cntrl:]]', ' ', 'g'), facts
    );
    return null;
end
$$;

create function audit.rules_of(judged text) returns text
language sql stable
return (
    select encode(sha256(string_agg(h, ''::bytea order by h)), 'hex')
    from (
        select sha256(convert_to(rtrim(r::text, ',)'), 'UTF8')) as h
        from quality.rule_result as r
        where r.subject = judged
    ) as hashed
);
comment on function audit.rules_of is 'One hash over what all rules said of a subject.';

-- What is watched, and a first event for each row that stood there before.
create table audit.watched (
    kind       text primary key,
    table_name text not null unique,
    key        text not null,
    actor      text not null,
    facts      text not null
);
comment on table audit.watched is 'Tables whose every row has an event for each change; kind is what the event is called.';
insert into audit.watched values
('delivery', 'ledger.delivery', 'delivery_id', '', 'feed outcome reason_code batch_id content_sha256'),
('batch', 'ledger.batch', 'batch_id', '', 'status version redo reason_code'),
('judged', 'quality.verdict', 'subject', '', 'decision suite_sha256'),
('withdrawn', 'ledger.withdrawal', 'withdrawal_id', 'withdrawn_by', 'batch_id was'),
('replayed', 'ledger.replay', 'replay_id', 'asked_by', 'batch_id was'),
('approved', 'ledger.approval', 'approval_id', 'approved_by', 'subject'),
('signed', 'ledger.signature', 'signature_id', 'signed_by', 'subject role content_hash'),
('waiver', 'quality.waiver', 'waiver_id', 'waived_by', 'feed rule_id valid_until ended_at ended_by'),
('unmasked', 'ledger.unmasking', 'unmasking_id', 'unmasked_by', 'subject cases'),
('judgement', 'resolution.judgement', 'judgement_id', 'judged_by', 'verdict'),
('judgement_undone', 'resolution.judgement_undo', 'undo_id', 'undone_by', 'judgement_id'),
('persons', 'resolution.event', 'event_id', '', 'run_id kind'),
('exchanged', 'feedback.exchange', 'exchange_id', 'done_by', 'department direction rows file_sha256'),
('run', 'ledger.run', 'run_id', '', 'stage records persons'),
('publication', 'publication.publication', 'number', 'released_by', 'state content_hash'),
('moved', 'publication.movement', 'movement_id', 'moved_by', 'from_number to_number'),
('certified', 'publication.certificate', 'number', '', 'sha256');

do $$
declare
    one record;
begin
    perform set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true);
    for one in select * from audit.watched loop
        execute format(
            'create trigger is_audited after insert or update or delete on %s for each row'
            ' execute function audit.note(%L, %L, %L, %L)',
            one.table_name, one.kind, one.key, one.actor, one.facts);
        execute format(
            'insert into audit.event (kind, subject, actor, facts)'
            ' select %L, t.%I::text, %L, jsonb_build_object(''row'', audit.row_hash(t::text), ''stood_before'', true)'
            ' from %s as t order by t.%I',
            one.kind, one.key, 'popbase', one.table_name, one.key);
    end loop;
end
$$;

-- What was documented as append-only is held so.
create trigger delivery_is_kept before update or delete or truncate on ledger.delivery
    for each statement execute function resolution.refuse_change();
create trigger withdrawal_is_kept before update or delete or truncate on ledger.withdrawal
    for each statement execute function resolution.refuse_change();
create trigger replay_is_kept before update or delete or truncate on ledger.replay
    for each statement execute function resolution.refuse_change();
create trigger approval_is_kept before update or delete or truncate on ledger.approval
    for each statement execute function resolution.refuse_change();
create trigger signature_is_kept before update or delete or truncate on ledger.signature
    for each statement execute function resolution.refuse_change();
create trigger unmasking_is_kept before update or delete or truncate on ledger.unmasking
    for each statement execute function resolution.refuse_change();
create trigger movement_is_kept before update or delete or truncate on publication.movement
    for each statement execute function resolution.refuse_change();
create trigger assignment_is_kept before update or delete or truncate on resolution.assignment
    for each statement execute function resolution.refuse_change();
