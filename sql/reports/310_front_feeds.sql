-- Every feed: its newest delivery in effect, what waits, and share of values that hold in its last twelve deliveries.
with judged as (
    select
        b.feed, b.batch_id, b.position, b.arrival,
        1 - sum(r.failed)::double precision / nullif(sum(r.examined), 0) as score,
        row_number() over (partition by b.feed order by b.position desc, b.arrival desc) as back
    from ledger.batch as b
    join quality.rule_result as r on r.subject = b.batch_id and r.status <> 'not_checked'
    group by b.feed, b.batch_id, b.position, b.arrival
),
latest as (
    select distinct on (feed) feed, batch_id, sequence, data_date, mode, rows_received
    from ledger.batch
    where status = 'accepted'
    order by feed, position desc
)
select
    b.feed, l.batch_id, l.sequence, l.data_date, l.mode, l.rows_received, v.decision,
    count(*) as deliveries,
    count(*) filter (where b.status = 'waiting') as waiting,
    count(*) filter (where b.status = 'refused') as refused,
    (select array_agg(j.score order by j.back desc) from judged as j where j.feed = b.feed and j.back <= 12) as history
from ledger.batch as b
left join latest as l on l.feed = b.feed
left join quality.verdict as v on v.subject = l.batch_id
group by b.feed, l.batch_id, l.sequence, l.data_date, l.mode, l.rows_received, v.decision
order by b.feed;
