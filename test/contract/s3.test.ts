/**
 * The storage contract on S3 servers of two makes, each asked to keep the conditions by itself. moto is none of them: of
 * eight racing writers it now and then lets two win.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BucketPlace, SecretReference, StoreSettings } from "../../src/model/project.ts";
import { openStorage } from "../../src/storage/open.ts";
import { goProgram } from "../real/installed.ts";
import type { Skipping } from "../real/real.ts";
import { type S3Server, startMinio, startVersitygw } from "../real/s3-servers.ts";
import { type OpenedStorage, type StorageDifferences, storageContract } from "./storage.ts";

interface Make {
  readonly title: string;
  readonly profile: StoreSettings["profile"];
  /** Beyond those of every store. */
  readonly differs?: StorageDifferences;
  /** Answers `undefined` after skipping. */
  readonly program: (context: Skipping) => string | undefined;
  readonly start: (context: Skipping) => Promise<S3Server | undefined>;
}

const makes: readonly Make[] = [
  {
    title: "versitygw, TLS of its own authority",
    profile: "versitygw",
    program: (context) => goProgram(context, "versitygw"),
    start: (context) => startVersitygw(context, { tls: true }),
  },
  {
    title: "MinIO",
    profile: "minio",
    // It sees a directory go with its last object, and what is put there at that moment with it.
    differs: { churn: "may be denied" },
    program: (context) => goProgram(context, "minio"),
    start: (context) => startMinio(context),
  },
];

const bucket = "lake";
/** As many as the contract asks to race. */
const handlesMax = 10;

/** As millrace opens a place, on a server of its own. */
async function open({ profile, differs, start }: Make): Promise<OpenedStorage> {
  const server = await start({ skip: (why) => assert.fail(why) });
  assert.ok(server !== undefined);
  const { endpoint, region, caFile } = server;
  const secrets: Readonly<Record<string, string>> = { ACCESS: server.accessKey, SECRET: server.secretKey };
  const scratchRoot = mkdtempSync(join(tmpdir(), "millrace-s3-contract-"));
  const place: BucketPlace = {
    kind: "s3",
    bucket,
    prefix: "some/place",
    name: `s3://${bucket}/some/place`,
    store: {
      profile,
      endpoint,
      region,
      pathStyle: true,
      ca: caFile === undefined ? undefined : { kind: "file", path: caFile },
      credentials: {
        kind: "keys",
        accessKey: { kind: "env", name: "ACCESS" },
        secretKey: { kind: "env", name: "SECRET" },
        sessionToken: undefined,
      },
      parallel: 16,
    },
  };
  const resolveSecret = (reference: SecretReference): string =>
    reference.kind === "file" ? readFileSync(reference.path, "utf8") : (secrets[reference.name] ?? "");
  await server.createBucket(bucket);
  const handles = await Promise.all(
    Array.from({ length: handlesMax }, () => openStorage(place, { resolveSecret, scratchRoot })),
  );
  let asked = 0;
  return {
    again: () => handles[asked++ % handlesMax] ?? assert.fail("no handle"),
    differs: { putTimes: "reckoned", clashes: "may stand", ...differs },
    async close() {
      await server.stop();
      rmSync(scratchRoot, { recursive: true, force: true });
    },
  };
}

for (const make of makes) {
  let why: string | undefined;
  const program = make.program({
    skip: (text) => {
      why = text;
    },
  });
  const name = `S3 on ${make.title}`;
  if (program !== undefined) storageContract(name, () => open(make));
  else if (why !== undefined) test(`storage contract: ${name}`, { skip: why }, () => undefined);
}
