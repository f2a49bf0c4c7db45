/** Places in buckets and the settings of their stores. What is refused stands in `mistakes.test.ts`. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { Failure } from "../errors.ts";
import type { BucketPlace, Place, Project, StoreSettings } from "../model/project.ts";
import { storeProfiles } from "../model/store-profiles.ts";
import { normalizeProject, type Surroundings } from "./normalize.ts";
import { localFiles, parseProject } from "./read.ts";

const around: Surroundings = { file: "/p/millrace.yaml", directory: "/p", environment: {}, files: localFiles };
const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

const read = (text: string, more: Partial<Surroundings> = {}): Project =>
  parseProject(`sources: { a: { url: "${url}" } }\n${text}`, "millrace.yaml", { ...around, ...more });

const made = (value: object, environment: Surroundings["environment"] = {}): Project =>
  normalizeProject({ sources: { a: { url } }, ...value }, { ...around, environment });

const inBucket = (place: Place): BucketPlace => (place.kind === "s3" ? place : assert.fail(place.name));
const storeOf = (place: Place): StoreSettings => inBucket(place).store;

const seeded = {
  numRuns: Number(process.env.FC_RUNS ?? 300),
  ...(process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }),
};

describe("a place in a bucket", () => {
  it("may stand beside directories", () => {
    const { lake } = read(
      "lake: { raw: s3://gha-raw/archive/, tables: s3://gha-tables, marts: /data/marts, writers: one }\ns3: { region: eu-west-1 }",
    );
    const { store, ...raw } = inBucket(lake.raw);
    assert.deepEqual(raw, { kind: "s3", bucket: "gha-raw", prefix: "archive", name: "s3://gha-raw/archive" });
    assert.deepEqual(store, {
      profile: "aws",
      endpoint: undefined,
      region: "eu-west-1",
      pathStyle: false,
      ca: undefined,
      credentials: { kind: "chain" },
      parallel: 32,
    });
    assert.equal(inBucket(lake.tables).prefix, "");
    assert.equal(inBucket(lake.tables).name, "s3://gha-tables");
    assert.deepEqual(lake.marts, { kind: "directory", path: "/data/marts", name: "/data/marts" });
    assert.equal(lake.writers, "one");
  });

  it("has a name that reads as the same place, whatever was written", () => {
    const segment = fc.string({ unit: "grapheme", maxLength: 8 });
    const address = fc
      .tuple(
        fc.constantFrom("s3://", "S3://"),
        fc.oneof(fc.constantFrom("gha-raw", "a.b-c.9", "x9x"), fc.string({ maxLength: 6 })),
        fc.array(segment, { maxLength: 4 }),
      )
      .map(([scheme, bucket, segments]) => scheme + [bucket, ...segments].join("/"));
    const parse = (raw: string): Place | undefined => {
      try {
        return made({ lake: { raw }, s3: { region: "eu-west-1" } }).lake.raw;
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "usage", String(error));
        return undefined;
      }
    };
    let read = 0;
    fc.assert(
      // A project's text may name variables, which is not what this is about.
      fc.property(
        address.filter((text) => !text.includes("$")),
        (written) => {
          const place = parse(written);
          if (place === undefined) return;
          read++;
          const { bucket, prefix, name } = inBucket(place);
          assert.deepEqual(parse(name), place);
          assert.equal(name, prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`);
          for (const part of prefix.split("/").slice(prefix === "" ? 1 : 0)) assert.ok(!["", ".", ".."].includes(part));
        },
      ),
      seeded,
    );
    assert.ok(read > 0, "no address could be read");
  });

  it("never holds another, in whatever order they are written", () => {
    const place = fc
      .tuple(fc.constantFrom("gha", "gha-2"), fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }))
      .map((parts) => parts.flat().join("/"));
    const below = (outer: string, inner: string): boolean => `${inner}/`.startsWith(`${outer}/`);
    fc.assert(
      fc.property(fc.tuple(place, place, place), ([raw, tables, marts]) => {
        const all = [raw, tables, marts];
        const overlap = all.some((each, at) => all.some((other, index) => at !== index && below(each, other)));
        const project = (): Project =>
          made({
            lake: { raw: `s3://${raw}`, tables: `s3://${tables}`, marts: `s3://${marts}` },
            s3: { region: "eu-west-1" },
          });
        if (overlap) assert.throws(project, /same prefix as|lies inside/);
        else project();
      }),
      seeded,
    );
  });
});

describe("a store", () => {
  const lake = "lake: { raw: s3://gha-raw, marts: s3://gha-marts }";

  it("takes every key, and a bucket says each of them differently", () => {
    const project = read(`
ca: company.pem
${lake}
s3:
  store: minio
  endpoint: HTTPS://MinIO.example.org:443/
  region: eu-west-1
  path_style: false
  ca: env:CA_PEM
  access_key: env:KEY
  secret_key: file:secret
  session_token: "\${TOKEN}"
  parallel: 8
  buckets:
    gha-marts:
      store: ceph
      endpoint: http://ceph:8080
      region: default
      path_style: true
      allow_http: true
      ca: none
      profile: marts
      parallel: 4
`);
    assert.deepEqual(storeOf(project.lake.raw), {
      profile: "minio",
      endpoint: "https://minio.example.org",
      region: "eu-west-1",
      pathStyle: false,
      ca: { kind: "env", name: "CA_PEM" },
      credentials: {
        kind: "keys",
        accessKey: { kind: "env", name: "KEY" },
        secretKey: { kind: "file", path: "/p/secret" },
        sessionToken: { kind: "env", name: "TOKEN" },
      },
      parallel: 8,
    });
    assert.deepEqual(storeOf(project.lake.marts), {
      profile: "ceph",
      endpoint: "http://ceph:8080",
      region: "default",
      pathStyle: true,
      ca: undefined,
      credentials: { kind: "profile", name: "marts" },
      parallel: 4,
    });
  });

  it("has defaults that follow from what is written", () => {
    const other = storeOf(read(`ca: company.pem\n${lake}\ns3: { endpoint: "http://[::1]:9000" }`).lake.raw);
    assert.deepEqual(
      [other.profile, other.endpoint, other.region, other.pathStyle, other.ca],
      ["other", "http://[::1]:9000", "us-east-1", true, { kind: "file", path: "/p/company.pem" }],
    );
    const amazon = read(`${lake}\ns3: { endpoint: https://s3.eu-west-1.amazonaws.com, region: eu-west-1 }`);
    assert.equal(storeOf(amazon.lake.raw).profile, "aws");
    const fake = read(`${lake}\ns3: { endpoint: https://s3.amazonaws.com.example.org }`);
    assert.equal(storeOf(fake.lake.raw).profile, "other");
    for (const profile of Object.keys(storeProfiles))
      assert.equal(
        storeOf(read(`${lake}\ns3: { store: ${profile}, endpoint: https://x, region: r }`).lake.raw).profile,
        profile,
      );
  });

  it("asks the environment for the region of AWS, and only of AWS", () => {
    const environment = { AWS_REGION: "", AWS_DEFAULT_REGION: "eu-north-1" };
    const both = { AWS_REGION: "eu-central-1", AWS_DEFAULT_REGION: "eu-north-1" };
    assert.equal(storeOf(read(lake, { environment }).lake.raw).region, "eu-north-1");
    assert.equal(storeOf(read(lake, { environment: both }).lake.raw).region, "eu-central-1");
    assert.equal(
      storeOf(read(`${lake}\ns3: { region: sa-east-1 }`, { environment: both }).lake.raw).region,
      "sa-east-1",
    );
    const elsewhere = read(`${lake}\ns3: { endpoint: https://x }`, { environment: both });
    assert.equal(storeOf(elsewhere.lake.raw).region, "us-east-1");
  });

  it("can be of a target or of the environment", () => {
    const text = `
s3: { profile: laptop, region: eu-west-1 }
targets:
  prod:
    lake: { raw: s3://gha-raw }
    s3: { endpoint: https://store, profile: none, access_key: env:KEY, secret_key: env:SECRET }
`;
    assert.equal(read(text).lake.raw.kind, "directory");
    const target = { name: "prod", chosenBy: "--target" };
    const environment = {
      MILLRACE_S3__ENDPOINT: "https://other:8443",
      MILLRACE_S3__ACCESS_KEY: "file:/run/key",
      MILLRACE_S3__PATH_STYLE: "false",
      MILLRACE_S3__BUCKETS: "{gha-raw: {region: garage}}",
    };
    const { endpoint, credentials } = storeOf(read(text, { target }).lake.raw);
    assert.deepEqual([endpoint, credentials.kind], ["https://store", "keys"]);
    const store = storeOf(read(text, { target, environment }).lake.raw);
    assert.deepEqual([store.endpoint, store.region, store.pathStyle], ["https://other:8443", "garage", false]);
    assert.deepEqual(store.credentials.kind === "keys" && store.credentials.accessKey, {
      kind: "file",
      path: "/run/key",
    });
  });

  it("permits plain HTTP on this machine, and elsewhere where it is said", () => {
    const reads = (endpoint: string, more: object = {}): boolean => {
      try {
        made({ lake: { raw: "s3://gha-raw" }, s3: { endpoint, ...more } });
        return true;
      } catch (error) {
        assert.match(String(error), /everybody on the way/);
        return false;
      }
    };
    for (const host of ["127.0.0.1", "127.1", "127.200.3.4:9000", "[::1]:9000", "localhost:9000", "minio.localhost"])
      assert.ok(reads(`http://${host}`), host);
    for (const host of [
      "10.0.0.1",
      "0.0.0.0",
      "128.0.0.1",
      "[::2]",
      "localhost.example.org",
      "127.0.0.1.example.org",
    ]) {
      assert.ok(!reads(`http://${host}`), host);
      assert.ok(!reads(`http://${host}`, { allow_http: false }), host);
      assert.ok(reads(`http://${host}`, { allow_http: true }), host);
      assert.ok(reads(`https://${host}`), host);
    }
  });

  it("never mixes the credentials of a bucket with those of s3", () => {
    const reference = (name: string) => fc.option(fc.constant(`env:${name}`), { nil: undefined });
    const group = (of: string) =>
      fc.record({
        access_key: reference(`${of}_KEY`),
        secret_key: reference(`${of}_SECRET`),
        session_token: reference(`${of}_TOKEN`),
        profile: fc.option(fc.constantFrom("none", `${of}_PROFILE`), { nil: undefined }),
      });
    let read = 0;
    fc.assert(
      fc.property(group("S3"), group("OWN"), fc.boolean(), (common, own, moved) => {
        const override = moved ? { ...own, endpoint: "https://elsewhere" } : own;
        let store: StoreSettings;
        try {
          const s3 = { endpoint: "https://store", ...common, buckets: { "gha-raw": override } };
          store = storeOf(made({ lake: { raw: "s3://gha-raw" }, s3 }).lake.raw);
        } catch (error) {
          assert.ok(error instanceof Failure && error.kind === "usage", String(error));
          return;
        }
        read++;
        const named = Object.values(own).some((value) => value !== undefined);
        const text = JSON.stringify(store.credentials);
        assert.equal(text.includes("S3_") && text.includes("OWN_"), false);
        if (named) assert.doesNotMatch(text, /S3_/);
        if (moved) assert.doesNotMatch(text, /S3_/);
        const said = (value: string | undefined): boolean => value !== undefined && value !== "none";
        const chosen = named ? own : common;
        const kind = said(chosen.profile) ? "profile" : chosen.access_key === undefined ? "chain" : "keys";
        assert.equal(store.credentials.kind, kind);
      }),
      seeded,
    );
    assert.ok(read > 0, "nothing could be read");
  });

  it("holds references, never secrets", () => {
    const marker = "s3cr3t-value";
    const project = made(
      {
        lake: { raw: "s3://gha-raw" },
        s3: { region: "r", access_key: "env:KEY", secret_key: `\${SECRET}`, ca: "env:PEM" },
      },
      { KEY: marker, SECRET: marker, PEM: marker },
    );
    assert.doesNotMatch(inspect(project, { depth: null }), new RegExp(marker));
    for (const s3 of [
      { access_key: marker },
      { secret_key: [marker] },
      { endpoint: `https://x:${marker}@y` },
      marker,
    ]) {
      assert.throws(
        () => made({ lake: { raw: "s3://gha-raw" }, s3 }),
        (error) => !inspect(error, { depth: null }).includes(marker),
      );
    }
  });
});

describe("what the documents show", () => {
  const root = join(import.meta.dirname, "..", "..");
  const example = (file: string): string => {
    const blocks = readFileSync(join(root, file), "utf8").matchAll(/```yaml\n(.*?)```/gs);
    return [...blocks].map(([, text]) => text ?? "").find((text) => /^s3:/m.test(text)) ?? assert.fail(file);
  };

  it("is a lake in buckets, in the README and in its design", () => {
    const { lake } = read(example("README.md"));
    assert.deepEqual(
      [lake.raw, lake.tables, lake.marts].map((place) => [place.name, storeOf(place).credentials.kind]),
      [
        ["s3://gha-raw", "keys"],
        ["s3://gha-tables", "keys"],
        ["s3://gha-marts", "keys"],
      ],
    );
    const { raw, marts } = read(example("designs/rights-on-s3.md")).lake;
    assert.deepEqual([storeOf(raw).profile, storeOf(raw).credentials.kind], ["aws", "profile"]);
    assert.deepEqual([storeOf(marts).profile, storeOf(marts).credentials.kind], ["other", "keys"]);
  });
});
