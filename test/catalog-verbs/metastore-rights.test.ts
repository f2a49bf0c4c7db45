/**
 * A Hive Metastore with the rights of `lake policy --role metastore` on a store that enforces them: it registers marts and tables
 * of a lake in buckets, and with one right less it does not.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import type { ExportReport, PolicyStatement } from "../../src/answers.ts";
import { lakePolicies, openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { clientOf, startVersitygw, type VersityGateway } from "../real/s3-servers.ts";

/** The marts lie below a prefix, so that rights are limited to it. */
const projectText = (archive: string, { endpoint, region }: VersityGateway, catalog: string): string => `name: rights
lake: { raw: raw, tables: "s3://lake-data/tables", marts: "s3://lake-data/marts" }
s3: { store: versitygw, endpoint: "${endpoint}", region: ${region}, access_key: file:key, secret_key: file:secret }
sources:
  hours:
    url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    object: hours/{yyyy}/{MM}/{dd}/{HH}.json.gz
    since: 2026-03-01
    until: 2026-03-01T01:00:00Z
tables: { events: { from: hours } }
marts: { activity: { select: "type, src", from: events } }
catalog: { hive: "${catalog}", database: rights, tables: true }
`;

test("a metastore with the rights of its role names a lake in buckets, and with one less it does not", async (context) => {
  const gateway = await startVersitygw(context);
  if (gateway === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-rights-"));
  try {
    await gateway.createBucket("lake-data");
    const user = await gateway.createUser();
    const metastore = await metastoreServer(context, {
      s3: { server: { ...gateway, ...user }, buckets: ["lake-data"] },
    });
    if (metastore === undefined) return;
    try {
      const archive = join(directory, "archive");
      mkdirSync(archive);
      writeFileSync(join(archive, "2026-03-01-0.json.gz"), gzipSync('{"id":"1","type":"PushEvent"}\n'));
      const file = join(directory, "millrace.yaml");
      writeFileSync(file, projectText(archive, gateway, `127.0.0.1:${metastore.port}`));
      writeFileSync(join(directory, "key"), gateway.accessKey);
      writeFileSync(join(directory, "secret"), gateway.secretKey);
      const project = readProject({ file, environment: {} });
      const admin = clientOf(gateway);
      const allow = async (change: (statement: PolicyStatement) => PolicyStatement | undefined): Promise<void> => {
        const { buckets } = lakePolicies(project, { principals: new Map([["metastore", [user.accessKey]]]) });
        for (const { bucket, policy } of buckets) {
          const Statement = policy?.Statement.flatMap((statement) => change(statement) ?? []);
          const document = { ...policy, Statement };
          await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(document) }));
        }
      };
      const exported = async (): Promise<ExportReport> => {
        const app = await openApp(project, { workers: 0 });
        try {
          return await app.catalogExport({ action: "register" });
        } finally {
          await app.close();
        }
      };
      const embedded = { ...project, catalog: { kind: "embedded" } } as const;
      const app = await openApp(embedded, { workers: 0 });
      const { failures } = await app.run();
      await app.close();
      assert.deepEqual(failures, []);

      for (const action of ["s3:PutObject", "s3:ListBucket"]) {
        await allow((statement) => (statement.Action.includes(action) ? undefined : statement));
        await assert.rejects(exported(), /Failed to create external path|_databases/, `without ${action}`);
      }
      await allow((statement) => statement);
      const report = await exported();
      assert.deepEqual(
        report.items.map(({ name, state, what }) => [name, state === "done" ? state : what]),
        [
          ["activity", "done"],
          ["events", "done"],
        ],
      );
      assert.deepEqual(
        (await exported()).items.map(({ state }) => state),
        ["already", "already"],
      );
    } finally {
      await metastore.stop();
    }
  } finally {
    await gateway.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
