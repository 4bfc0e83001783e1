-- What every code means, so that a finding says in the database itself what is wrong and what is expected.
create table feedback.sentence (
    code        text primary key,
    zh          text not null,
    en          text not null,
    expected_zh text not null,
    expected_en text not null
);
comment on table feedback.sentence is
'Reason codes and rules of suites: what is wrong, and the form that is expected. Written when deliveries are judged.';

insert into feedback.sentence (code, zh, en, expected_zh, expected_en)
select distinct on (rule_id) rule_id, zh, en, zh, en
from quality.rule_result
order by rule_id, subject desc;

create or replace view shared.finding with (security_barrier) as
select
    f.finding_id, f.feed, f.kind, f.batch_id, f.row_number, f.column_name, f.reason_codes, f.value,
    f.first_seen, f.last_seen, f.state, f.outcome, f.marked_on, f.due_on, f.closed_on, f.returns,
    said.zh as said_zh, said.en as said_en, said.expected_zh, said.expected_en
from feedback.finding as f
cross join lateral (
    select
        string_agg(distinct s.zh, '；') as zh,
        string_agg(distinct s.en, '; ') as en,
        string_agg(distinct s.expected_zh, '；') as expected_zh,
        string_agg(distinct s.expected_en, '; ') as expected_en
    from feedback.sentence as s
    where s.code = any(f.reason_codes)
) as said
where f.department in (
    select substr(r.rolname, length('popbase_reader_') + 1)
    from pg_catalog.pg_roles as r
    where starts_with(r.rolname, 'popbase_reader_') and pg_has_role(current_user, r.oid, 'usage')
);
comment on column shared.finding.said_zh is '问题说明; What is wrong, in Chinese';
comment on column shared.finding.said_en is '问题说明（英文）; What is wrong, in English';
comment on column shared.finding.expected_zh is '应有形式; The form that is expected, in Chinese';
comment on column shared.finding.expected_en is '应有形式（英文）; The form that is expected, in English';
