-- Citizen IDs that registers corrected: under the old and the new one stands the same person.
create table resolution.number_examined (
    batch_id   text not null references ledger.batch,
    version    integer not null,
    seen_after text not null,
    primary key (batch_id, version, seen_after)
);
comment on table resolution.number_examined is 'Deliveries in which corrected numbers were looked for, each against the register before it.';

create table resolution.number_change (
    batch_id   text not null,
    version    integer not null,
    seen_after text not null,
    record_key text not null,
    name_key   text not null,
    old_number text not null,
    new_number text not null,
    primary key (batch_id, version, seen_after, record_key),
    foreign key (batch_id, version, seen_after) references resolution.number_examined,
    check (old_number <> new_number)
);
comment on table resolution.number_change is 'Entries of a register whose citizen ID a delivery corrected; counted while the delivery is in effect.';
