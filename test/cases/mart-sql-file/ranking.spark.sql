-- Spark counts ranks in 32 bits, and the mart's column has 64 on every engine
with pushes as (
  select actor.login as actor, src, count(*) as pushes, sum(payload.size) as size
  from events where type = 'PushEvent' group by all
)
select actor, src, pushes, size,
  cast(rank() over (partition by src order by pushes desc, actor) as bigint) as place
from pushes
