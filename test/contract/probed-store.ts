/** Real servers as places that a test probes. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListMultipartUploadsCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { BucketPlace, SecretReference, StoreSettings } from "../../src/model/project.ts";
import type { ProbeFinding, ProbeOptions, Storage } from "../../src/storage/contract.ts";
import { s3Storage } from "../../src/storage/s3/storage.ts";
import type { S3Keys, S3Server } from "../real/s3-servers.ts";

export const bucket = "probed";
export const prefix = "some/place";

export interface Probed {
  readonly endpoint?: string;
  readonly keys?: S3Keys;
  readonly profile?: StoreSettings["profile"];
  /** PEM text. */
  readonly ca?: string;
}

/** The place `s3://probed/some/place` on that server; the bucket is the caller's to make. */
export function probedStorage(
  server: S3Server,
  { endpoint, keys = server, profile, ca }: Probed = {},
): Promise<Storage> {
  const values: Readonly<Record<string, string>> = {
    ACCESS: keys.accessKey,
    SECRET: keys.secretKey,
    ...(ca === undefined ? {} : { CA: ca }),
  };
  const env = (name: string): SecretReference => ({ kind: "env", name });
  const place: BucketPlace = {
    kind: "s3",
    bucket,
    prefix,
    name: `s3://${bucket}/${prefix}`,
    store: {
      profile: profile ?? "other",
      endpoint: endpoint ?? server.endpoint,
      region: server.region,
      pathStyle: true,
      ca: ca === undefined ? undefined : env("CA"),
      credentials: { kind: "keys", accessKey: env("ACCESS"), secretKey: env("SECRET"), sessionToken: undefined },
      parallel: 32,
    },
  };
  return s3Storage(place, {
    resolveSecret: (reference) => (reference.kind === "env" ? (values[reference.name] ?? "") : ""),
    scratchRoot: join(tmpdir(), `millrace-probed-${process.pid}`),
  });
}

export type Findings = ReadonlyMap<string, ProbeFinding>;

export async function probe(storage: Storage, options: ProbeOptions): Promise<Findings> {
  const found = new Map<string, ProbeFinding>();
  for await (const finding of storage.probe(options)) {
    assert.equal(found.has(finding.subject), false, `${finding.subject} is found twice`);
    assert.ok(finding.finding.length > 0, finding.subject);
    assert.equal(finding.ok && finding.remedy !== undefined, false, `${finding.subject} holds and has a remedy`);
    found.set(finding.subject, finding);
  }
  return found;
}

export const failing = (found: Findings): readonly string[] =>
  [...found.values()].filter(({ ok }) => !ok).map(({ subject }) => subject);

export function textOf(found: Findings, subject: string): string {
  const finding = found.get(subject);
  assert.ok(finding !== undefined, `no finding about ${subject}: ${[...found.keys()].join(", ")}`);
  return finding.finding;
}

/** Everything in the bucket: keys, and keys of uploads that are open. */
export async function contents(client: S3Client): Promise<readonly string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return [...Contents, ...Uploads].map(({ Key = "" }) => Key);
}
