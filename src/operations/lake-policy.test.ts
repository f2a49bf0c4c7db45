import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProject } from "../../test/make.ts";
import type { PolicyDocument, PolicyRequest, PolicyRoleName, RoleName } from "../answers.ts";
import { Failure } from "../errors.ts";
import type { BucketPlace, Project, StoreProfileName, StoreSettings } from "../model/project.ts";
import { lakePolicies } from "./lake-policy.ts";

function storeOf(profile: StoreProfileName, more: Partial<StoreSettings> = {}): StoreSettings {
  return {
    profile,
    endpoint: profile === "aws" ? undefined : "https://store.example.org",
    region: "eu-west-1",
    pathStyle: profile !== "aws",
    ca: undefined,
    credentials: { kind: "chain" },
    parallel: 32,
    ...more,
  };
}

const inBucket = (bucket: string, prefix: string, store: StoreSettings): BucketPlace => ({
  kind: "s3",
  bucket,
  prefix,
  name: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`,
  store,
});

function lakeAt(store: StoreSettings, prefixes = { raw: "archive", tables: "tables", marts: "" }): Project {
  return {
    ...makeProject("/p", {}),
    lake: {
      raw: inBucket("gha-data", prefixes.raw, store),
      tables: inBucket("gha-data", prefixes.tables, store),
      marts: inBucket("gha-marts", prefixes.marts, store),
      writers: "several",
    },
  };
}

/** `s3:GetObject arn:…`, with `!` before what is denied and the prefix behind what is listed. */
function allowed(document: PolicyDocument | undefined): readonly string[] {
  return (document?.Statement ?? []).flatMap(({ Effect, Action, Resource, Condition }) =>
    Action.flatMap((action) =>
      Resource.map((resource) => {
        const prefix = Condition === undefined ? "" : ` ${Condition.StringLike["s3:prefix"].join()}`;
        return `${Effect === "Deny" ? "!" : ""}${action.slice(3)} ${resource.replace(/^arn:aws:s3:::/, "")}${prefix}`;
      }),
    ),
  );
}

const policyOf = (project: Project, role: PolicyRoleName): readonly string[] =>
  allowed(lakePolicies(project, { roles: [role] }).roles[0]?.policy);

const refused =
  (fact: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Failure && error.kind === "usage" && fact.test(error.message);

test("each role gets what it uses, below the prefixes of the lake", () => {
  const project = lakeAt(storeOf("aws"));
  assert.deepEqual(policyOf(project, "collector"), [
    "ListBucket gha-data archive/*",
    "GetObject gha-data/archive/*",
    "PutObject gha-data/archive/*",
    "AbortMultipartUpload gha-data/archive/*",
    "DeleteObject gha-data/archive/_staging/*",
  ]);
  assert.deepEqual(policyOf(project, "converter"), [
    "ListBucket gha-data archive/*",
    "GetObject gha-data/archive/*",
    "ListBucket gha-data tables/*",
    "GetObject gha-data/tables/*",
    "PutObject gha-data/tables/*",
    "AbortMultipartUpload gha-data/tables/*",
    "DeleteObject gha-data/tables/_staging/*",
  ]);
  assert.deepEqual(policyOf(project, "marts"), [
    "ListBucket gha-data tables/*",
    "GetObject gha-data/tables/*",
    "ListBucket gha-marts",
    "GetObject gha-marts/*",
    "PutObject gha-marts/*",
    "AbortMultipartUpload gha-marts/*",
    "DeleteObject gha-marts/_staging/*",
  ]);
  assert.deepEqual(policyOf(project, "gc").slice(-10), [
    "ListBucket gha-marts",
    "ListBucketMultipartUploads gha-marts",
    "GetObject gha-marts/*",
    "DeleteObject gha-marts/*",
    "AbortMultipartUpload gha-marts/*",
    "PutObject gha-marts/_staging/*",
    "PutObject gha-marts/_probe/*",
    "PutObject gha-marts/_catalog/*",
    "PutObject gha-marts/_removing/*",
    "!DeleteObject gha-marts/_catalog/*",
  ]);
  assert.deepEqual(policyOf(project, "metastore"), [
    "ListBucket gha-data tables/*",
    "GetObject gha-data/tables/*",
    "ListBucket gha-marts",
    "GetObject gha-marts/*",
    "PutObject gha-marts/_databases/*",
  ]);
  for (const role of ["reader", "auditor"] as const) {
    for (const line of policyOf(project, role)) assert.match(line, /^(ListBucket|GetObject) /);
  }
  assert.ok(!policyOf(project, "reader").some((line) => line.includes("archive")));
});

test("a policy of a bucket names who has which role, and says nothing of other buckets", () => {
  const principals = new Map([
    ["collector", ["AK1"]],
    ["marts", ["AK2", "AK3"]],
  ] as const);
  const { roles, buckets } = lakePolicies(lakeAt(storeOf("versitygw")), { principals });
  assert.deepEqual(roles, []);
  assert.deepEqual(
    buckets.map(({ bucket, policy }) => [
      bucket,
      ...(policy?.Statement ?? []).map(({ Sid, Principal }) => `${Sid} ${Principal?.AWS.join("+")}`),
    ]),
    [
      [
        "gha-data",
        "CollectorRawList AK1",
        "CollectorRawObjects AK1",
        "CollectorRawOwnDelete AK1",
        "MartsTablesList AK2+AK3",
        "MartsTablesObjects AK2+AK3",
      ],
      ["gha-marts", "MartsMartsList AK2+AK3", "MartsMartsObjects AK2+AK3", "MartsMartsOwnDelete AK2+AK3"],
    ],
  );
  const alone = lakePolicies(lakeAt(storeOf("versitygw")), { principals: new Map([["collector", ["AK"]]]) });
  assert.deepEqual(
    alone.buckets.map(({ policy }) => policy === undefined),
    [false, true],
  );
});

test("identifiers of statements are those that every store takes, and differ within a document", () => {
  const arn = "arn:aws:iam::123456789012:role/lake";
  const everybody: PolicyRequest = {
    principals: new Map(
      (["collector", "converter", "marts", "run", "gc", "reader", "auditor"] as const).map((role) => [role, [arn]]),
    ),
  };
  for (const { policy } of lakePolicies(lakeAt(storeOf("aws")), everybody).buckets) {
    const ids = policy?.Statement.map(({ Sid }) => Sid) ?? [];
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9]+$/);
    // What AWS takes as the policy of a bucket.
    assert.ok(JSON.stringify(policy).length < 20_480);
  }
});

test("lifecycle rules end unfinished uploads and remove leftovers, and never reach anything else", () => {
  const rules = (profile: StoreProfileName): readonly string[] | undefined =>
    lakePolicies(lakeAt(storeOf(profile))).buckets[0]?.lifecycle?.Rules.map(
      ({ ID, Filter, Expiration, AbortIncompleteMultipartUpload }) =>
        `${ID} ${Filter.Prefix} ${Expiration?.Days ?? "-"} ${AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? "-"}`,
    );
  assert.deepEqual(rules("aws"), [
    "millrace-raw-uploads archive/ - 7",
    "millrace-raw-staging archive/_staging/ 7 -",
    "millrace-raw-probe archive/_probe/ 7 -",
    "millrace-tables-uploads tables/ - 7",
    "millrace-tables-staging tables/_staging/ 7 -",
    "millrace-tables-probe tables/_probe/ 7 -",
  ]);
  assert.deepEqual(
    rules("minio")?.filter((rule) => rule.includes("uploads")),
    [],
  );
  assert.equal(rules("versitygw"), undefined);
});

test("places in several stores: each store is told of its own buckets only", () => {
  const project = lakeAt(storeOf("minio"));
  const mixed: Project = {
    ...project,
    lake: {
      ...project.lake,
      raw: { kind: "directory", path: "/data/raw", name: "/data/raw" },
      marts: inBucket("gha-marts", "x", storeOf("aws", { region: "cn-north-1" })),
    },
  };
  const { roles, buckets } = lakePolicies(mixed, { roles: ["run", "collector"] });
  assert.deepEqual(
    roles.map(({ role, store, policy }) => [
      role,
      store.name,
      [...new Set(policy.Statement.flatMap((each) => each.Resource))],
    ]),
    [
      [
        "run",
        "https://store.example.org",
        ["arn:aws:s3:::gha-data", "arn:aws:s3:::gha-data/tables/*", "arn:aws:s3:::gha-data/tables/_staging/*"],
      ],
      [
        "run",
        "Amazon S3 in cn-north-1",
        ["arn:aws-cn:s3:::gha-marts", "arn:aws-cn:s3:::gha-marts/x/*", "arn:aws-cn:s3:::gha-marts/x/_staging/*"],
      ],
    ],
  );
  assert.deepEqual(
    buckets.map(({ bucket, places }) => [bucket, ...places.map(({ place }) => place)]),
    [
      ["gha-data", "tables"],
      ["gha-marts", "marts"],
    ],
  );
});

test("what cannot be said is refused with what to do instead", () => {
  const ask =
    (project: Project, request: PolicyRequest = {}) =>
    () =>
      lakePolicies(project, request);
  const who = (role: RoleName, name: string): PolicyRequest => ({ principals: new Map([[role, [name]]]) });
  assert.throws(ask(makeProject("/p", {})), refused(/all places of the lake are directories/));
  assert.throws(ask(lakeAt(storeOf("minio")), who("run", "AK")), refused(/asks the policies of users/));
  assert.throws(ask(lakeAt(storeOf("garage"))), refused(/Garage knows no policies/));
  assert.throws(ask(lakeAt(storeOf("other")), who("reader", "*")), refused(/everybody/));
  assert.throws(ask(lakeAt(storeOf("aws")), who("reader", "bi")), refused(/no principal of AWS/));
  assert.throws(
    ask(lakeAt(storeOf("other")), { ...who("reader", "bi"), roles: ["gc"] }),
    refused(/the role gc has no principal/),
  );
  for (const raw of ["a*b", "a?b", `a\${b}`]) {
    assert.throws(ask(lakeAt(storeOf("aws"), { raw, tables: "t", marts: "m" })), refused(/lake\.raw: a policy cannot/));
  }
});
