-- who pushed most, hour by hour
with pushes as (
  select actor.login as actor, src, count(*) as pushes, sum(payload.size) as size
  from events where type = 'PushEvent' group by all
)
select actor, src, pushes, size, rank() over (partition by src order by pushes desc, actor) as place
from pushes
