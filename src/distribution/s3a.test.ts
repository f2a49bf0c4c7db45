import assert from "node:assert/strict";
import test from "node:test";
import { Failure } from "../errors.ts";
import type { BucketPlace, StoreCredentials, StoreSettings } from "../model/project.ts";
import { authoritiesOf, hasBuckets, s3aSettings } from "./s3a.ts";

const env = (name: string) => ({ kind: "env", name }) as const;
const keys: StoreCredentials = {
  kind: "keys",
  accessKey: env("ACCESS"),
  secretKey: env("SECRET"),
  sessionToken: undefined,
};

function place(bucket: string, store: Partial<StoreSettings> = {}): BucketPlace {
  return {
    kind: "s3",
    bucket,
    prefix: "x",
    name: `s3://${bucket}/x`,
    store: {
      profile: "other",
      endpoint: "https://127.0.0.1:9000",
      region: "eu-west-1",
      pathStyle: true,
      ca: undefined,
      credentials: keys,
      parallel: 8,
      ...store,
    },
  };
}

const secrets: Readonly<Record<string, string>> = { ACCESS: "AK", SECRET: "s3cr&t", TOKEN: "tok", CA: "PEM" };
const resolve = (reference: { readonly kind: string; readonly name?: string }): string => {
  const found = secrets[reference.name ?? ""];
  if (found === undefined) throw new Failure("usage", `env:${reference.name}: the variable is not set`);
  return found;
};

test("a bucket of another store: its endpoint, region, path style and keys, under its own name", () => {
  assert.deepEqual(Object.fromEntries(s3aSettings([place("lake")], resolve)), {
    "fs.s3a.bucket.lake.endpoint": "https://127.0.0.1:9000",
    "fs.s3a.bucket.lake.connection.ssl.enabled": "true",
    "fs.s3a.bucket.lake.endpoint.region": "eu-west-1",
    "fs.s3a.bucket.lake.path.style.access": "true",
    "fs.s3a.bucket.lake.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    "fs.s3a.bucket.lake.access.key": "AK",
    "fs.s3a.bucket.lake.secret.key": "s3cr&t",
  });
});

test("AWS by region; session tokens, profiles and the usual chain", () => {
  const aws = s3aSettings([place("a", { endpoint: undefined, pathStyle: false })], resolve);
  assert.equal(aws.get("fs.s3a.bucket.a.endpoint"), undefined);
  assert.equal(aws.get("fs.s3a.bucket.a.path.style.access"), "false");
  const provider = (credentials: StoreCredentials): ReadonlyMap<string, string> =>
    s3aSettings([place("a", { credentials })], resolve);
  const session = provider({ ...keys, sessionToken: env("TOKEN") });
  assert.match(session.get("fs.s3a.bucket.a.aws.credentials.provider") ?? "", /Temporary/);
  assert.equal(session.get("fs.s3a.bucket.a.session.token"), "tok");
  assert.equal(provider({ kind: "profile", name: "lake" }).get("fs.s3a.bucket.a.auth.profile.name"), "lake");
  const chain = provider({ kind: "chain" });
  assert.match(chain.get("fs.s3a.bucket.a.aws.credentials.provider") ?? "", /DefaultCredentialsProvider$/);
  assert.equal(chain.get("fs.s3a.bucket.a.access.key"), undefined);
});

test("directories need nothing; authorities are named once", () => {
  const directory = { kind: "directory", path: "/lake", name: "lake" } as const;
  assert.equal(s3aSettings([directory], resolve).size, 0);
  assert.equal(hasBuckets([directory]), false);
  assert.equal(hasBuckets([directory, place("a")]), true);
  const ca = env("CA");
  assert.deepEqual(authoritiesOf([place("a", { ca }), place("b", { ca }), place("c")], resolve), ["PEM"]);
});

test("one bucket in two ways is refused: S3A knows buckets by their names", () => {
  assert.throws(() => s3aSettings([place("a"), place("a", { endpoint: "https://127.0.0.1:9001" })], resolve), {
    kind: "usage",
    message: "s3://a/x and s3://a/x: one bucket that is reached in two ways",
  });
});

test("a secret that cannot be read names the option; one that Hadoop would change is not repeated", () => {
  const missing = place("a", { credentials: { ...keys, secretKey: env("NOWHERE") } });
  assert.throws(() => s3aSettings([missing], resolve), {
    kind: "usage",
    message: "s3://a/x: s3.secret_key cannot be read: env:NOWHERE: the variable is not set",
  });
  assert.throws(
    () => s3aSettings([place("a")], (reference) => (reference === keys.accessKey ? "AK" : `x${"$"}{user.name}`)),
    (error: Failure) => error.kind === "usage" && !error.message.includes("user.name"),
  );
});
