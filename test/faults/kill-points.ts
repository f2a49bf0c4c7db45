/** Where processes are killed, on every kind of storage; `victim.ts` reads these. */

/** Every publication of a run, in its order. */
export const points: Readonly<Record<string, string>> = {
  "collect: before the raw object": "raw.putIfAbsent:22.json.gz$:before",
  "collect: after the raw object": "raw.putIfAbsent:22.json.gz$:after",
  "convert: before the table's schema": "tables.putIfAbsent:_schema:before",
  "convert: after the table's schema, before its statements": "tables.putIfAbsent:_schema:after",
  "convert: between the two statements": "tables.put:duckdb.sql$:after",
  "convert: before the rejected lines": "tables.put:_rejected:before",
  "convert: after the rejected lines, before their partition": "tables.put:_rejected:after",
  "convert: before a partition": "tables.put:data.parquet$:before",
  "convert: after a partition": "tables.put:data.parquet$:after",
  "mart: before its file": "marts.put:part-:before",
  "mart: after its file, before the manifest": "marts.put:part-:after",
  "mart: before the manifest": "marts.put:_manifest:before",
  "mart: after the manifest, before the pointer": "marts.put:_manifest:after",
  "mart: before the pointer moves": "marts.putIfAbsent:_catalog:before",
  "mart: after the pointer has moved": "marts.putIfAbsent:_catalog:after",
};
