-- Clerical review: what waits for a person, what people said of it, and what of that holds.
create function resolution.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = '55000';
end
$$;

alter table resolution.judgement
    add column is_settling boolean not null default false,
    add check (judged_by <> '' and reason <> '') not valid;
comment on table resolution.judgement is
'What people said about two records; append-only. What holds is resolution.verdict.';
comment on column resolution.judgement.is_settling is
'Said by a third person to settle what two reviewers disagree about; it holds over theirs.';

create table resolution.judgement_undo (
    undo_id      bigint generated always as identity primary key,
    judgement_id bigint not null unique references resolution.judgement,
    undone_by    text not null check (undone_by <> ''),
    reason       text not null check (reason <> ''),
    undone_at    timestamptz not null default now()
);
comment on table resolution.judgement_undo is 'A judgement that was taken back, by whom and why; append-only.';

create table resolution.review_case (
    case_id   bigint generated always as identity primary key,
    record_a  text not null,
    record_b  text not null,
    first_run text not null,
    unique (record_a, record_b),
    check (record_a < record_b collate "C")
);
comment on table resolution.review_case is 'Two records that somebody may have to judge; a pair keeps its number for good.';

create table resolution.review_item (
    run_id      text not null references ledger.run,
    case_id     bigint not null references resolution.review_case,
    reason_code text not null,
    is_joined   boolean not null,
    method      text,
    weight      double precision,
    probability double precision,
    stake       bigint not null check (stake > 0),
    value       double precision not null,
    primary key (run_id, case_id)
);
comment on table resolution.review_item is 'The cases that a run found, and what deciding each is worth.';
comment on column resolution.review_item.is_joined is 'Whether the run took the two records for one person.';
comment on column resolution.review_item.stake is 'Pairs of records that a decision against the run would change.';
comment on column resolution.review_item.value is 'Expected number of wrong pairs: the chance that the run is wrong, times stake.';

create table resolution.review_sample (
    run_id        text not null references ledger.run,
    seed          bigint not null,
    case_id       bigint not null references resolution.review_case,
    stratum       text not null,
    stratum_links bigint not null,
    drawn_by      text not null check (drawn_by <> ''),
    drawn_at      timestamptz not null default now(),
    primary key (run_id, seed, case_id)
);
comment on table resolution.review_sample is 'Links drawn at random from a run for people to judge, so that its errors can be estimated; append-only.';
comment on column resolution.review_sample.stratum is 'Method and band of weight.';
comment on column resolution.review_sample.stratum_links is 'Links of the run in that stratum.';

create trigger judgement_is_kept before update or delete or truncate on resolution.judgement
    for each statement execute function resolution.refuse_change();
create trigger judgement_undo_is_kept before update or delete or truncate on resolution.judgement_undo
    for each statement execute function resolution.refuse_change();
create trigger review_case_is_kept before update or delete or truncate on resolution.review_case
    for each statement execute function resolution.refuse_change();
create trigger review_sample_is_kept before update or delete or truncate on resolution.review_sample
    for each statement execute function resolution.refuse_change();

-- `unsure` says that somebody looked and could not tell; it takes nothing back.
create view resolution.standing_judgement as
select distinct on (j.record_a, j.record_b, j.judged_by)
    j.judgement_id, j.record_a, j.record_b, j.judged_by, j.verdict, j.is_settling
from resolution.judgement as j
where j.verdict <> 'unsure'
    and not exists (select from resolution.judgement_undo as u where u.judgement_id = j.judgement_id)
order by j.record_a, j.record_b, j.judged_by, j.judgement_id desc;
comment on view resolution.standing_judgement is 'Of each reviewer the last word on a pair that was not taken back.';

create view resolution.verdict as
select
    s.record_a, s.record_b, count(*) as reviewers,
    coalesce(
        (array_agg(s.verdict order by s.judgement_id desc) filter (where s.is_settling))[1],
        case when count(distinct s.verdict) = 1 then min(s.verdict) end
    ) as verdict,
    max(s.judgement_id) as judgement_id
from resolution.standing_judgement as s
group by s.record_a, s.record_b;
comment on view resolution.verdict is
'What holds of a judged pair: what its reviewers agree in, or what settled it; null while two disagree, then it counts for nothing.';
