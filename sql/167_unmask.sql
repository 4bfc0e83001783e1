-- One person unmasked, for a purpose: asked for first, and shown only once that is written down for good. Shown in
-- the transaction that asked, a rollback would leave the values with the reader and nothing in the ledger.
alter table ledger.unmasking add column asked_in xid8;
alter table ledger.unmasking alter column asked_in set default pg_current_xact_id();
comment on column ledger.unmasking.asked_in is 'The transaction that wrote the row: what was asked is shown once it has committed.';

create function shared.ask_unmasking(person_id text, purpose text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    number bigint;
begin
    if coalesce(btrim(purpose, E' \t\n\r\u3000'), '') = '' then
        raise exception 'unmasking needs a purpose' using errcode = '42501';
    end if;
    insert into ledger.unmasking (subject, seed, cases, person_ids, unmasked_by, purpose)
    select 'person:' || g.person_id, 0, 1, array[g.person_id], session_user, ask_unmasking.purpose
    from golden.person as g, publication.pointer as p
    where g.person_id = ask_unmasking.person_id and g.from_publication <= p.number
        and (g.to_publication is null or g.to_publication > p.number)
    limit 1
    returning unmasking_id into number;
    return number;
end
$$;
comment on function shared.ask_unmasking is
'Writes down who wants to see a person unmasked, and what for; the number by which shared.unmasked_person shows it after the commit, null where readers see no such person.';

create function shared.unmasked_person(unmasking_id bigint) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    told jsonb;
begin
    select to_jsonb(g) - array['row_key', 'row_hash', 'from_publication', 'to_publication']
    into told
    from ledger.unmasking as u, golden.person as g, publication.pointer as p
    where u.unmasking_id = unmasked_person.unmasking_id and u.subject = 'person:' || g.person_id
        and u.unmasked_by = session_user and u.unmasked_at > clock_timestamp() - interval '10 minutes'
        and pg_visible_in_snapshot(u.asked_in, pg_current_snapshot())
        and u.asked_in is distinct from pg_current_xact_id_if_assigned()
        and g.from_publication <= p.number and (g.to_publication is null or g.to_publication > p.number);
    return told;
end
$$;
comment on function shared.unmasked_person is
'The values of the person that the caller''s login asked for within ten minutes, in an earlier transaction; else null.';
