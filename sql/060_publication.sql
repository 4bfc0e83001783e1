-- Publications by number, and the pointer that readers follow. A number is never used for anything else again.
create schema publication;

create table publication.publication (
    number       integer primary key check (number > 0),
    run_id       text not null,
    base         integer not null,
    state        text not null check (state in ('staged', 'released', 'refused', 'withdrawn')),
    content_hash text not null,
    counts       jsonb not null,
    staged_at    timestamptz not null default now(),
    released_at  timestamptz,
    released_by  text,
    check (number > base)
);
create unique index publication_staged on publication.publication (state) where state = 'staged';
comment on table publication.publication is 'Every publication that was staged, and what became of it.';
comment on column publication.publication.base is 'The publication readers saw when it was staged; 0 for none.';
comment on column publication.publication.content_hash is
'SHA-256 over the hashes of all rows in order; without provenance, clock times and numbers of publications.';
comment on column publication.publication.counts is 'By table: rows opened, closed, unchanged.';

create table publication.pointer (
    is_only boolean primary key default true check (is_only),
    number  integer not null
);
insert into publication.pointer (number) values (0);
comment on table publication.pointer is 'The publication readers see; 0 before the first.';

create table publication.movement (
    movement_id bigint generated always as identity primary key,
    from_number integer not null,
    to_number   integer not null,
    moved_by    text not null,
    reason      text,
    moved_at    timestamptz not null default now()
);
comment on table publication.movement is 'Every move of the pointer, releases and rollbacks; append-only.';
