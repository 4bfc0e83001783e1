-- Which of these files were applied, and as what bytes: an applied file is never edited, a new one follows it.
create schema migration;

create table migration.applied (
    name       text primary key,
    sha256     text not null,
    applied_at timestamptz not null default now()
);
comment on table migration.applied is 'Files of sql/ that were applied, with the SHA-256 of their bytes.';

create table migration.declared (
    name        text primary key,
    sha256      text not null,
    declared_at timestamptz not null default now()
);
comment on table migration.declared is
'Tables and views made from contracts, with the SHA-256 of their DDL: unchanged ones are left alone.';
