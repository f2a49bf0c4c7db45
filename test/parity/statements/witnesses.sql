select char_length(name) > 3 as a, character_length(name) = 3 as b from people;
select cast(levenshtein(name, 'Ann') as bigint) as c from people;
select chr(65) as a, chr(233) as b, chr(10) || chr(92) as c;
select split(name, ' ') as a, split('a,b,,c', ',') as b, split(null, ',') as c from people;
select if(id > 3, 'a', 'b') as a, if(active, id, 0) as b, if(null, 1, 2) as c from people;
select date(born) as a from people;
select now() > born as a, current_timestamp > born as b, current_date > date '2020-01-01' as c from people where id = 1;
select to_timestamp(0) as a, to_timestamp(id * 1000000) as b from people;
-- refused: it answers something else each time
select random() >= 0 as a;
-- refused: it answers something else each time
select length(cast(uuid() as string)) > 30 as a;
-- refused: it tells about the engine
select length(version()) > 0 as a;
select current_user as a;
select date_trunc('day', born) as d, count(*) as n, count(distinct name) as m from people group by date_trunc('day', born);
-- refused: Spark obeys it, and fails if it does not understand it
select /*+ coalesce(1) */ id from people;
select 'a' like (chr(92) || 'a') as x;
