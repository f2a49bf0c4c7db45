/** Collects in a process of its own and prints a line for every piece that arrived: `node collector.ts PROJECT`. */
import { writeSync } from "node:fs";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";

const [file = ""] = process.argv.slice(2);
const app = await openApp(readProject({ file, environment: {} }), {
  workers: 0,
  clock: () => Date.parse("2026-03-02T12:00:00Z"),
});
await app.run({
  only: "collect",
  report: (event) => {
    if (event.code === "fetch.progress") writeSync(1, `${event.bytes}\n`);
  },
});
await app.close();
