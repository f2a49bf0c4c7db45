/** A lake in buckets whose marts are registered in a real metastore, and a Trino that was told of it as the documentation says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findJava } from "../../src/distribution/java.ts";
import { authoritiesOf } from "../../src/distribution/s3a.ts";
import { makeTrustStore } from "../../src/distribution/trust-store.ts";
import { sparkVersions } from "../../src/model/versions.ts";
import type { Skipping } from "../real/real.ts";
import type { VersityGateway } from "../real/s3-servers.ts";
import { startTrino } from "../real/trino-server.ts";
import { bucketLake, type LakeGround } from "../spark-by-name/ground.ts";
import { type NamedLake, openNamedLake } from "../spark-by-name/named-lake.ts";
import { type Ask, askTrino } from "./statement.ts";

export interface TrinoScene extends NamedLake {
  readonly ground: LakeGround;
  readonly ask: Ask;
}

/** `meanwhile` is what goes on while Trino starts. `undefined` after skipping the test. */
export async function openTrinoScene(
  context: Skipping,
  store: VersityGateway,
  meanwhile: (lake: NamedLake, ground: LakeGround) => Promise<void>,
): Promise<TrinoScene | undefined> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const ground = await bucketLake(context, store);
    if (ground !== undefined) closers.push(ground.close);
    const lake = ground === undefined ? undefined : await openNamedLake(ground);
    if (lake !== undefined) closers.push(lake.close);
    if (ground === undefined || lake === undefined) {
      await close();
      return undefined;
    }
    const starting = startTrino(context, {
      catalogs: { lake: catalogOf(store, ground) },
      environment: { LAKE_ACCESS_KEY: store.accessKey, LAKE_SECRET_KEY: store.secretKey },
      javaOptions: await trusting(ground),
    });
    const [started, done] = await Promise.allSettled([starting, meanwhile(lake, ground)]);
    if (started.status === "rejected") throw started.reason;
    const trino = started.value;
    if (trino !== undefined) closers.push(trino.stop);
    if (done.status === "rejected") throw done.reason;
    if (trino !== undefined) return { ...lake, ground, ask: askTrino(trino.url, "lake"), close };
    await close();
    return undefined;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The catalog's file of the documentation, with the addresses of this scene. */
function catalogOf(store: VersityGateway, { metastore }: LakeGround): Readonly<Record<string, string>> {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "trino.md"), "utf8");
  const [, text = ""] = /```properties\n(connector\.name=hive\n.*?)```/s.exec(page) ?? [];
  const here = new Map([
    ["hive.metastore.uri", `thrift://${metastore.host}:${metastore.port}`],
    ["s3.endpoint", store.endpoint],
    ["s3.region", store.region],
  ]);
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      const name = line.slice(0, at);
      return [name, here.get(name) ?? line.slice(at + 1)];
    }),
  );
}

async function trusting({ tables, marts, resolveSecret, directory }: LakeGround): Promise<readonly string[]> {
  const [versions] = sparkVersions;
  if (versions === undefined) throw new Error("the product knows no Spark");
  const java = await findJava(versions, process.env);
  const authorities = authoritiesOf([tables, marts], resolveSecret);
  const trust = await makeTrustStore({ java, authorities, directory, environment: process.env });
  if (trust === undefined) return [];
  return [`-Djavax.net.ssl.trustStore=${trust.file}`, `-Djavax.net.ssl.trustStorePassword=${trust.password}`];
}
