/**
 * A process that is killed at a named point: `node victim.ts PROJECT POINT`, where a point is `place.method:pattern:when`,
 * for example `tables.put:/data\.parquet$:after`. It kills itself with SIGKILL right before the call or right after its
 * effect, over real files; without a point it runs to its end.
 */
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { startMs } from "./small-lake.ts";

const [file = "", point = ""] = process.argv.slice(2);
const [where = "", pattern = "", when = ""] = point.split(":");

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  // The signal is delivered asynchronously; nothing may happen in between.
  return new Promise(() => undefined);
}

function wrap(place: string, storage: Storage): Storage {
  const [wantedPlace, method] = where.split(".");
  if (place !== wantedPlace || (method !== "put" && method !== "putIfAbsent")) return storage;
  const hits = (key: string): boolean => new RegExp(pattern).test(key);
  if (method === "put") {
    const put: Storage["put"] = async (key, body, options) => {
      if (hits(key) && when === "before") await die();
      const info = await storage.put(key, body, options);
      if (hits(key) && when === "after") await die();
      return info;
    };
    return { ...storage, put };
  }
  const putIfAbsent: Storage["putIfAbsent"] = async (key, body, options) => {
    if (hits(key) && when === "before") await die();
    const info = await storage.putIfAbsent(key, body, options);
    if (hits(key) && when === "after") await die();
    return info;
  };
  return { ...storage, putIfAbsent };
}

const app = await openApp(readProject({ file, environment: {} }), {
  workers: 0,
  clock: () => startMs,
  wrapStorage: wrap,
});
await app.run();
await app.close();
