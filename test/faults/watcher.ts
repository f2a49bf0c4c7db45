/**
 * A watch that is stopped at a named point (`point.ts`) with SIGSTOP, until somebody continues it:
 * `node watcher.ts PROJECT POINT VERSION [parts]`. It says `stopped` right before, and `pass` with the summary's failures
 * after every pass; SIGTERM ends it with the status of its signal.
 */
import { writeSync } from "node:fs";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { placesInParts } from "./bucket-lake.ts";
import { actAt, readPoint } from "./point.ts";

const [file = "", point = "", version = "", parts = ""] = process.argv.slice(2);

async function stop(): Promise<void> {
  writeSync(1, "stopped\n");
  process.kill(process.pid, "SIGSTOP");
}

const ended = new AbortController();
process.on("SIGTERM", () => ended.abort());

const project = readProject({ file, environment: {} });
const inParts = parts === "parts" ? await placesInParts(project) : undefined;
const wrap = actAt(readPoint(point), stop);
const app = await openApp(project, {
  workers: 0,
  version,
  wrapStorage: (place, opened) => wrap(place, inParts?.[place] ?? opened),
});
await app.watch({
  signal: ended.signal,
  onPass: ({ failures }) => {
    writeSync(1, `pass ${JSON.stringify(failures)}\n`);
  },
  onFailedPass: (failure) => {
    writeSync(1, `pass ${JSON.stringify(failure.message)}\n`);
  },
});
await app.close();
process.exitCode = 143;
