-- What was taken out of the database as files, by whom and as which department; the files themselves are not kept.
create table ledger.export (
    export_id   bigint generated always as identity primary key,
    department  text not null,
    view_name   text not null,
    format      text not null check (format in ('parquet', 'csv', 'xlsx')),
    publication integer not null,
    rows        bigint not null,
    file_sha256 text not null,
    exported_by text not null check (exported_by <> ''),
    purpose     text check (purpose <> ''),
    exported_at timestamptz not null default now()
);
comment on table ledger.export is 'Files made of shared views, as a department may read them; append-only, each an event of the audit chain.';
comment on column ledger.export.department is 'As whose reader the rows were read: policies/access.yml decided their form and which they are.';
comment on column ledger.export.publication is 'The publication that was read.';
comment on column ledger.export.purpose is 'What for; the matrix says where it is asked.';

insert into audit.watched values
('exported', 'ledger.export', 'export_id', 'exported_by', 'department view_name format publication rows file_sha256');
create trigger is_audited after insert or update or delete on ledger.export for each row
    execute function audit.note('exported', 'export_id', 'exported_by', 'department view_name format publication rows file_sha256');
create trigger export_is_kept before update or delete or truncate on ledger.export
    for each statement execute function resolution.refuse_change();
