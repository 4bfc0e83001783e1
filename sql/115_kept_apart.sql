-- A feed may say that it knows its people apart; a parting can have that for its cause.
comment on column resolution.event_cause.cause is
'Of a merge the method of the weakest link on the strongest path; of a parting what forbids the link: judgement, judgement_undone, two_ids, kept_apart, too_large, or link_lost where nothing links the records any more.';
