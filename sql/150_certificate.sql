-- What each release was made of, signed: a certificate names the one before it by its hash.
create table publication.certificate (
    number          integer primary key references publication.publication,
    body            text not null,
    sha256          text not null check (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
    previous_sha256 text,
    signature       text not null,
    signed_at       timestamptz not null default now()
);
comment on table publication.certificate is
'Certificate of each released publication, as it was signed; the auditor holds copies of his own.';
comment on column publication.certificate.body is 'Canonical JSON: hashes, counts and versions, no value of a person.';
comment on column publication.certificate.previous_sha256 is 'Hash of the certificate of the release before it; null for the first.';
comment on column publication.certificate.signature is 'Ed25519 over the bytes of the body, base64.';

create function publication.seen_on(moment timestamptz) returns integer
language sql stable
return coalesce((
    select m.to_number
    from publication.movement as m
    where m.moved_at <= moment
    order by m.movement_id desc
    limit 1
), 0);
comment on function publication.seen_on is 'The publication readers saw at that moment; 0 before the first.';
