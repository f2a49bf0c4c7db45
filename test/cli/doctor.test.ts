/** What the doctor prints: golden pages of what it found, and the command on a real store over TLS. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { DoctorCheck, DoctorReport } from "../../src/answers.ts";
import { checkLines, endLines } from "../../src/cli/terminal/doctor-report.ts";
import { colourPaint, noPaint } from "../../src/cli/terminal/paint.ts";
import type { ReportOptions } from "../../src/cli/terminal/report.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { millrace } from "./console.ts";
import { assertGolden } from "./golden.ts";

const check = (group: string, subject: string, finding: string, more: Partial<DoctorCheck> = {}): DoctorCheck => ({
  group,
  subject,
  verdict: "ok",
  finding,
  remedy: undefined,
  needed: "everyone",
  roles: [],
  ms: 12,
  ...more,
});

const raw = "lake.raw  s3://gha-raw/archive";
const tables = "lake.tables  s3://gha-tables";
const shared = { needed: "several writers" } as const;
const good: readonly DoctorCheck[] = [
  check("this machine", "node", "v24.21.0 on linux x64"),
  check("this machine", "project", "/srv/gha/millrace.yaml: 1 source, 1 table, 2 marts"),
  check(
    raw,
    "store",
    "Ceph RADOS Gateway (s3.store: ceph): not verified by a run of ours, what is assumed comes from https://docs.ceph.com/en/latest/radosgw/s3/",
    { needed: "nobody" },
  ),
  check(raw, "reachable", "the store answers in 1.8 ms (median of 5 requests)"),
  check(raw, "TLS", "TLSv1.3, certificate of store.example until 2027-03-01, verified by Our own authority (by ca)", {
    needed: "nobody",
  }),
  check(raw, "clock", "this machine's is 42 s behind the store's; from 5 min on requests may be refused"),
  check(raw, "right to list", "allowed", { roles: ["collector", "converter", "gc"] }),
  check(raw, "listing beyond 1,000", "1,100 objects in 2 pages, none missing, none twice", { ms: 1480 }),
  check(raw, "If-Match, raced", "20 rounds of 8 writers, one winner each; 140 were answered 412", {
    ...shared,
    ms: 540,
  }),
];
const noted: readonly DoctorCheck[] = [
  check(
    raw,
    "right to delete",
    "the right s3:DeleteObject on gha-raw/archive/* is missing: Access Denied (AccessDenied)",
    {
      verdict: "note",
      needed: "gc",
      roles: ["gc"],
      remedy:
        "give these credentials s3:DeleteObject on gha-raw/archive/*; `millrace lake policy --role gc` prints all that the role needs",
    },
  ),
  check(raw, "signature", "a request with a wrong signature was carried out: anyone who reaches the store may write", {
    verdict: "note",
    needed: "nobody",
    remedy: "let the store check signatures, or make sure that nobody else can reach it",
  }),
];
const bad: readonly DoctorCheck[] = [
  check(tables, "right to write", "the right s3:PutObject on gha-tables/* is missing: Access Denied (AccessDenied)", {
    verdict: "fails",
    roles: ["converter"],
    remedy:
      "give these credentials s3:PutObject on gha-tables/*; `millrace lake policy --role converter` prints all that the role needs",
  }),
  check(tables, "If-Match, raced", "20 rounds of 8 writers: 13 rounds had 2 to 5 winners", {
    ...shared,
    verdict: "fails",
    remedy:
      "let only one process write (lake.writers: one), or move the lake to a place that keeps racing writers apart",
  }),
];

const report = (checks: readonly DoctorCheck[]): DoctorReport => ({
  role: "run",
  checks,
  exitCode: checks.some(({ verdict }) => verdict === "fails") ? 5 : 0,
});

const pages: readonly (readonly [name: string, report: DoctorReport])[] = [
  ["doctor-good", report(good)],
  ["doctor-notes", report([...good, ...noted])],
  ["doctor-bad", report([...good, ...noted, ...bad])],
];

const forms: readonly (readonly [name: string, options: ReportOptions])[] = [
  ["120", { width: 120, paint: noPaint }],
  ["80", { width: 80, paint: noPaint }],
  ["40", { width: 40, paint: noPaint }],
  ["80-colour", { width: 80, paint: colourPaint }],
];

for (const [page, found] of pages) {
  for (const [form, options] of forms) {
    test(`${page} at ${form}`, () => {
      const lines = [
        ...found.checks.flatMap((each, at) => checkLines(each, found.checks[at - 1], options)),
        ...endLines(found, options),
      ];
      // An address stands on a line of its own, whole.
      for (const line of lines) {
        if (!line.includes("https://")) assert.ok(displayWidth(line) <= options.width, line);
      }
      assertGolden(`golden/${page}-${form}.txt`, lines);
    });
  }
}

test("the doctor on a real store over TLS: for a reader, as text and as data; with a wrong secret it exits 5", async (context) => {
  const server = await startVersitygw(context, { tls: true });
  if (server === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
  context.after(async () => {
    rmSync(directory, { recursive: true, force: true });
    await server.stop();
  });
  for (const name of ["gha-tables", "gha-marts"]) await server.createBucket(name);
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
  write("access", server.accessKey);
  write("secret", server.secretKey);
  const project = (secret: string): string => `name: gha
ca: file:${server.caFile ?? ""}
lake: { raw: s3://gha-raw, tables: s3://gha-tables, marts: s3://gha-marts }
s3: { store: versitygw, endpoint: "${server.endpoint}", access_key: "file:access", secret_key: "file:${secret}" }
sources:
  hours: { url: "file://${directory}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "hours/{yyyy}/{MM}/{dd}/{HH}.json.gz", every: hour, since: 2026-03-01 }
tables: { events: { from: hours } }
`;
  write("millrace.yaml", project("secret"));

  const text = await millrace(["doctor", "--role", "reader"], { cwd: directory });
  assert.equal(text.code, 0, text.stdout + text.stderr);
  assert.match(text.stdout, /lake\.tables {2}s3:\/\/gha-tables\n {2}✓ store +Versity S3 Gateway/);
  assert.match(text.stdout, /✓ TLS +TLSv1\.3, certificate of .*\n? .*\(by ca\)/);
  assert.match(text.stdout, /✓ right to read +allowed \(converter, marts, gc\)/);
  assert.match(text.stdout, /All \d+ checks passed\.\n$/);
  assert.equal(text.stdout.includes("lake.raw"), false, "a reader needs nothing of raw");

  const data = await millrace(["doctor", "--role", "reader", "--json"], { cwd: directory });
  const { role, checks, exitCode } = JSON.parse(data.stdout);
  assert.deepEqual([role, exitCode, data.code], ["reader", 0, 0]);
  assert.ok(checks.every((each: DoctorCheck) => each.verdict === "ok"));

  // All three places: the bucket of the first does not exist.
  const auditor = await millrace(["doctor", "--role", "auditor"], { cwd: directory });
  assert.equal(auditor.code, 5);
  assert.match(auditor.stdout, /✕ sign in +bucket gha-raw does not exist at https:/);

  write("other", "not-the-secret-of-that-key");
  write("millrace.yaml", project("other"));
  const wrong = await millrace(["doctor", "--role", "reader"], { cwd: directory });
  assert.equal(wrong.code, 5);
  assert.match(wrong.stdout, /✕ sign in +the secret key does not fit the access key/);
  assert.match(wrong.stdout, /check s3\.secret_key/);
  assert.match(wrong.stdout, /3 of \d+ checks failed\.\n$/);
  for (const secret of [server.secretKey, "not-the-secret"]) assert.equal(wrong.stdout.includes(secret), false);
});
