/** Whether a launch serves yet, and a client of what it serves. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { openMetastore } from "../../src/catalog/hive/metastore.ts";
import { serves } from "../../src/metastore/probe.ts";
import type { HiveSettings } from "../../src/model/project.ts";
import type { Running } from "./launches.ts";

export async function awaitServing({ child, said }: Running, port: number): Promise<void> {
  while (!(await serves("127.0.0.1", port))) {
    assert.equal(child.exitCode ?? child.signalCode, null, said());
    await pause(50);
  }
}

export function metastoreAt(port: number) {
  const settings: HiveSettings = {
    ...{ kind: "hive", hosts: [{ host: "127.0.0.1", port }], database: "default", location: undefined },
    ...{ tables: false, owner: "test", transport: "buffered", connectMs: 5_000, callMs: 60_000 },
  };
  return openMetastore(settings);
}
