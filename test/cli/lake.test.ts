/** `millrace lake policy`: what goes to stdout can be handed on as it is; commands and notes go to stderr. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { millrace, type Outcome } from "./console.ts";
import { assertGolden } from "./golden.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-policy-"));
after(() => rmSync(directory, { recursive: true }));

writeFileSync(
  join(directory, "millrace.yaml"),
  `name: gha
sources: { hours: { url: "https://example.org/{yyyy}-{MM}-{dd}-{H}" } }
lake: { raw: s3://gha-raw/archive, tables: s3://gha-data/tables, marts: s3://gha-data/marts }
s3: { region: eu-west-1 }
targets:
  minio: { s3: { store: minio, endpoint: https://minio.example.org } }
  gateway: { s3: { store: versitygw, endpoint: https://gateway.example.org, access_key: env:NOT_SET, secret_key: env:NOT_SET } }
  here: { lake: { raw: lake/raw, tables: lake/tables, marts: lake/marts } }
`,
);

const policy = (...argv: readonly string[]): Promise<Outcome> =>
  millrace(["lake", "policy", ...argv], { cwd: directory, env: { COLUMNS: "100" } });

test("one role is one document, and nothing else on stdout", async () => {
  const { code, stdout, stderr } = await policy("--role", "collector");
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).Version, "2012-10-17");
  assertGolden("golden/policy-collector.txt", [...stdout.trimEnd().split("\n"), "--- stderr", ...stderr.split("\n")]);
});

test("policies of buckets name who has a role", async () => {
  const { stdout, stderr } = await policy(
    ...["--target", "gateway", "--principal", "run=AK1", "--principal", "reader=AK2"],
  );
  assertGolden("golden/policy-buckets.txt", [...stdout.trimEnd().split("\n"), "--- stderr", ...stderr.split("\n")]);
});

test("--directory writes every document, and the commands name the files", async () => {
  const { code, stdout, stderr } = await policy("--target", "minio", "--directory", "policies");
  assert.equal(code, 0);
  const names = readdirSync(join(directory, "policies")).sort();
  assert.deepEqual(names, [
    ...["auditor", "collector", "converter", "gc"].map((role) => `${role}.policy.json`),
    "gha-data.lifecycle.json",
    "gha-raw.lifecycle.json",
    ...["marts", "reader", "run"].map((role) => `${role}.policy.json`),
  ]);
  for (const name of names) {
    JSON.parse(readFileSync(join(directory, "policies", name), "utf8"));
    assert.ok(stderr.includes(`policies/${name}`), name);
    assert.ok(stdout.includes(name), name);
  }
  // What is there is never replaced.
  const again = await policy("--target", "minio", "--directory", "policies");
  assert.equal(again.code, 2);
  assert.match(again.stderr, /has .*collector\.policy\.json.* already/);
});

test("--json is everything at once, without words beside it", async () => {
  const { stdout, stderr } = await policy("--json");
  const { roles, buckets } = JSON.parse(stdout);
  assert.equal(roles.length, 7);
  assert.deepEqual(
    buckets.map(({ bucket }: { bucket: string }) => bucket),
    ["gha-raw", "gha-data"],
  );
  assert.equal(stderr, "");
});

test("what is wrong is said with its fix", async () => {
  const said = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await policy(...argv);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    return stderr.replaceAll(/\s+/g, " ").trim();
  };
  assert.match(await said("--target", "here"), /all places of the lake are directories, which have no policies/);
  assert.match(await said("--role", "colector"), /--role: unknown role "colector" did you mean collector\?/);
  assert.match(await said("--principal", "reader"), /--principal: expected ROLE=NAME, got "reader"/);
  assert.match(await said("--principal", "raeder=x"), /--principal: unknown role "raeder" did you mean reader\?/);
  assert.match(await said("--principal", "reader=*"), /a principal with \* would be everybody/);
  assert.match(await said("--target", "minio", "--principal", "run=AK"), /leave --principal out/);
  const { code, stderr } = await millrace(["lake", "polcy"], { cwd: directory });
  assert.equal(code, 2);
  assert.match(stderr, /did you mean millrace lake policy\?/);
});
