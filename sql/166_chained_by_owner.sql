-- Who causes an event need not have rights on the chain: it is written by triggers, and chained as the transaction of
-- whoever caused it commits.
alter function audit.chain() security definer;
alter function audit.chain() set search_path = pg_catalog, pg_temp;
