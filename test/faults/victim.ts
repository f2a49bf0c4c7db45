/**
 * A process that is killed at a named point (`point.ts`): `node victim.ts PROJECT [POINT [OPERATION [parts]]]`. It kills
 * itself with SIGKILL, over real files or a real store; without a point, or with an empty one, it runs to its end. With
 * `parts` whatever is larger than the smallest part goes in parts.
 */
import assert from "node:assert/strict";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { placesInParts } from "./bucket-lake.ts";
import { actAt, readPoint } from "./point.ts";
import { startMs } from "./small-lake.ts";

const operations: Readonly<Record<string, (app: App) => Promise<unknown>>> = {
  run: (app) => app.run(),
  rebuild: (app) => app.run({ rerun: true, only: "marts" }),
  gc: (app) => app.gc({ retentionMs: 0, versions: 1 }),
};

const [file = "", point = "", name = "run", parts = ""] = process.argv.slice(2);
const operation = operations[name];
assert.ok(operation !== undefined, `no operation ${name}`);

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered asynchronously; nothing may happen in between.
  return new Promise(() => undefined);
}

const project = readProject({ file, environment: {} });
const inParts = parts === "parts" ? await placesInParts(project) : undefined;
const wrap = point === "" ? undefined : actAt(readPoint(point), die);
const app = await openApp(project, {
  workers: 0,
  clock: () => startMs,
  wrapStorage: (place, opened) => {
    const storage = inParts?.[place] ?? opened;
    return wrap === undefined ? storage : wrap(place, storage);
  },
});
await operation(app);
await app.close();
