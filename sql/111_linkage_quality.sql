-- How well a run links when it does not see a number: its own figures, without labels.
create table resolution.quality (
    run_id         text not null references ledger.run,
    position       integer not null,
    grouping       text not null check (grouping in ('all', 'feed', 'sex', 'age', 'ethnicity', 'home')),
    member         text not null,
    hidden         bigint not null check (hidden >= 10),
    linkable       bigint not null,
    "right"        bigint not null,
    wrong          bigint not null,
    precision      double precision,
    precision_low  double precision,
    precision_high double precision,
    recall         double precision,
    recall_low     double precision,
    recall_high    double precision,
    primary key (run_id, position),
    unique (run_id, grouping, member)
);
comment on table resolution.quality is
'The valid citizen ID of sampled records was hidden and they were linked by the rest, with the run''s own model. Aggregates only; groups of fewer than ten records are told as others.';
comment on column resolution.quality.hidden is 'Records whose number was hidden, one a person.';
comment on column resolution.quality.linkable is 'Those whose number stands in another feed too.';
comment on column resolution.quality."right" is 'Links to the person of the hidden number.';
comment on column resolution.quality.wrong is 'Links to a person of another number. Links to records without a usable number say nothing.';
comment on column resolution.quality.precision is 'right / (right + wrong), with a 95 % interval (Wilson).';
comment on column resolution.quality.recall is 'Linkable records with a right link, of all linkable ones, with a 95 % interval.';
