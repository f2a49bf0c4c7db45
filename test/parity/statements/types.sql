-- refused: DuckDB counts the zero before the point as a digit
select 1 as x, .5 as y, 1e3 as z, 1.50 as w, 9223372036854775807 as q, 2147483648 as r, -1 as s, 1.5e0 as v;
select 9223372036854775808 as x;
select true as a, false as b, null as c;
select date '2026-03-01' as a, timestamp '2026-03-01 10:00:00' as b;
select interval '1' day as x;
select cast(id as string) as a, cast(id as double) as b, cast(id as int) as c, cast(id as integer) as d, cast(id as bigint) as e, cast(active as string) as f, cast(price as string) as g, cast(cast(born as date) as string) as h from people;
select cast(born as string) as x from people;
select cast(score as string) as x from people;
select cast(id as smallint) as a, cast(id as tinyint) as b, cast(id as float) as c, cast(id as real) as d from people;
select cast(id as decimal(10,2)) as a, cast(price as decimal(12,1)) as b, cast(price as double) as c, cast(price as bigint) as d from people;
-- refused: DuckDB rounds the binary value, Spark its shortest text: 1.005 becomes 1.00 or 1.01
select cast(score as decimal(10,2)) as x from people where id <> 7;
-- refused: only one engine reads it
select cast('12' as bigint) as a, cast(' 12 ' as bigint) as b, cast('1.5' as double) as c, cast('true' as boolean) as d, cast('t' as boolean) as e;
select cast('1.5' as bigint) as a;
select cast('1.25' as decimal(5,1)) as a;
select cast('Infinity' as double) as a;
-- refused: the engines take other texts for a number, date or truth value, and answer null for the rest
select try_cast('x' as bigint) as a, try_cast('7' as bigint) as b;
select try_cast(' 1.5' as bigint) as a;
select cast(9999999999 as int) as a;
select cast(active as bigint) as a, cast(active as int) as b from people;
select cast(1 as boolean) as a, cast(0 as boolean) as b, cast(2 as boolean) as c;
select cast(id as boolean) as a from people;
select cast(tags as string) as a from people;
select cast(actor as string) as a from people;
select cast(born as date) as a from people;
select cast(born as bigint) as a from people;
select cast('2026-3-1' as date) as a;
select cast(2147483647 as int) * 2 as x;
select 9223372036854775807 + 1 as x;
select -id as a, +id as b, abs(id) as c, id - 3 as d, id * 2 as e from people;
select price + price as a from people;
select rate + price as a from people;
select price % 3 as a from people;
select -price as a, abs(price) as b from people;
select price > 1 as a, price = 2.5 as b, price > score as c from people;
select score + 1 as a, score * id as b, score / 2 as c, score - 0.5 as d from people;
select id // 2 as x from people;
select id ^ 2 as x from people;
select id ** 2 as x from people;
select id & 1 as a, id | 2 as b from people;
-- refused: DuckDB fails where bits are lost, Spark drops them
select id << 1 as a from people;
-- refused: the engines answer with other types, or one has none
select id + '1' as a from people;
-- refused: the engines convert in other ways
select id = '1' as a from people;
-- refused: the engines convert in other ways
select name = 1 as a from people;
select name || id as a from people where id = 1;
select name || price as a, name || active as b from people;
select tags || tags as a from people;
