-- Limits of a rule beside its shares: numbers of rows, and the change against the last twelve deliveries.
alter table quality.rule_result
    add column warn_rows   bigint,
    add column reject_rows bigint,
    add column change_at   double precision,
    add column usual       double precision;
comment on column quality.rule_result.usual is 'Median share of the last twelve deliveries; null below three of them.';
