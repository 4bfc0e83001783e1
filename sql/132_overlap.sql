-- Rows of a delivery that have two reasons at once, as they were found, and the code that found them.
create table quality.reason_overlap (
    batch_id text not null references ledger.batch,
    reason_a text not null,
    reason_b text not null,
    rows     bigint not null,
    primary key (batch_id, reason_a, reason_b)
);
comment on table quality.reason_overlap is 'Of the twelve most frequent reasons; on the diagonal, rows that have the reason at all.';
alter table quality.verdict add column code_sha256 text;
comment on column quality.verdict.code_sha256 is 'Over the names and bytes of the package that judged.';
