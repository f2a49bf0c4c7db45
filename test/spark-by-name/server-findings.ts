/** What `doctor` says of a server that knows the project's metastore, and of one that knows another. */
import assert from "node:assert/strict";
import { sparkVersions } from "../../src/model/versions.ts";
import { sparkFindings } from "../../src/operations/doctor-spark.ts";
import { askSpark } from "../../src/operations/doctor-spark-ask.ts";
import type { RegisteredName } from "../../src/operations/doctor-spark-names.ts";
import { connect } from "../../src/spark.ts";
import type { Scene } from "./scene.ts";

export async function serverFindings(scene: Scene): Promise<void> {
  const { manifest } = await scene.publish("looked_up", "select 1::bigint as v");
  const name = `${scene.database}.looked_up`;
  const { version } = manifest;
  assert.deepEqual(await findings(scene, { name, version }), [
    `ok the server finds ${name} as it is registered, and reads a row of it`,
  ]);
  assert.deepEqual(await findings(scene, { name, version: "v000000000001-ffffffff" }), [
    `note the server finds another ${name} than the one that is registered`,
  ]);
  const [missing = ""] = await findings(scene, { name: `${scene.database}.nowhere`, version });
  assert.match(missing, /^note the server finds or reads none: .*TABLE_OR_VIEW_NOT_FOUND/);
}

async function findings(scene: Scene, registered: RegisteredName): Promise<readonly string[]> {
  const { url } = scene.server;
  const facts = await askSpark({
    ...{ url, open: () => connect(url), places: [], clock: Date.now, newId: () => "0123abcd" },
    names: { metastore: scene.metastore, registered: async () => registered },
  });
  const all = sparkFindings(facts, { releases: sparkVersions, protocol: "4.2", oldest: "4.0", needsS3: false });
  return all.filter(({ subject }) => / by name$/.test(subject)).map(({ verdict, finding }) => `${verdict} ${finding}`);
}
