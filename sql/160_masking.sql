-- Masks that do not give a number away, and pseudonyms; who sees what in which form is policies/access.yml.
create or replace function shared.masked_identity_number(value text) returns text
language sql immutable parallel safe
return case when char_length(value) = 18 then left(value, 6) || '************' else left(value, 0) || '********' end;
comment on function shared.masked_identity_number is
'The first six of 18 characters. With year of birth, sex and division beside it some 180,000 numbers remain.';

create schema masking;
create table masking.pseudonym (
    department  text not null,
    column_name text not null,
    value       text not null,
    pseudonym   text not null,
    primary key (department, column_name, value)
);
comment on table masking.pseudonym is
'What a department sees instead of a value: HMAC-SHA-256 with a key that is a file of the data office, not in the database.';
comment on column masking.pseudonym.department is 'Two departments see different pseudonyms of one value, so that they cannot join by them.';

comment on column shared.publication.number is '发布号; Number of the publication that is seen';
comment on column shared.publication.released_at is '发布时间; When it was released';
comment on column shared.finding.finding_id is '疑义编号; Number of the finding';
comment on column shared.finding.feed is '数据项; Feed';
comment on column shared.finding.kind is '类别（value 值，row 行）; value: the row went on; row: it was set aside';
comment on column shared.finding.batch_id is '最近一次出现的批次; The delivery in effect that says it last';
comment on column shared.finding.row_number is '行号; Its row there';
comment on column shared.finding.column_name is '列; The column as delivered; empty for a row';
comment on column shared.finding.reason_codes is '原因代码; Reason codes';
comment on column shared.finding.value is '交付的值; The value as delivered';
comment on column shared.finding.first_seen is '首次出现的数据日期; Data date of the delivery that said it first';
comment on column shared.finding.last_seen is '最近出现的数据日期; Data date of the delivery that said it last';
comment on column shared.finding.state is '办理状态; State of the work';
comment on column shared.finding.outcome is '办结结果; How it was closed';
comment on column shared.finding.marked_on is '反馈日期; When it was sent out';
comment on column shared.finding.due_on is '期限; Deadline';
comment on column shared.finding.closed_on is '办结日期; When it was closed';
comment on column shared.finding.returns is '更正后再次出现的次数; How often it came back after it was corrected';
