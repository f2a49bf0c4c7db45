/**
 * Our client once, in a process of its own: `node spark-fetch-once.ts URL MODE QUERY`. Prints what `spark-fetch.py` prints.
 *
 * `arrow` and `objects` hold the whole result, `objects-stream` reads it object by object, `small` runs the query 200 times.
 */
import { connect } from "../src/spark-connect/session.ts";

const [url = "", mode = "", query = ""] = process.argv.slice(2);
const session = await connect(url);
const started = performance.now();
const latencies: number[] = [];
let rows = 0;
if (mode === "arrow") {
  const batches: Uint8Array[] = [];
  for await (const batch of (await session.sql(query)).arrow()) {
    batches.push(batch.data);
    rows += batch.rows;
  }
} else if (mode === "objects") {
  rows = (await (await session.sql(query)).collect()).length;
} else if (mode === "objects-stream") {
  for await (const object of (await session.sql(query)).objects()) if (object !== undefined) rows++;
} else if (mode === "small") {
  for (let turn = 0; turn < 200; turn++) {
    const begun = performance.now();
    rows += (await (await session.sql(query)).collect()).length;
    latencies.push(performance.now() - begun);
  }
} else throw new Error(`no such mode: ${mode}`);
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ rows, seconds, latencies })}\n`);
await session.close();
