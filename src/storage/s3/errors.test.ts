import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import {
  cannedSecret,
  cannedStore,
  placeAt,
  refuse,
  type StoreError,
  secrets,
} from "../../../test/contract/canned-store.ts";
import { makeChain } from "../../../test/contract/certificate.ts";
import { hangUp, listening, rawServer } from "../../../test/contract/http-servers.ts";
import { exitCodeOf, Failure, type FailureKind } from "../../errors.ts";
import type { BucketPlace } from "../../model/project.ts";
import type { Storage } from "../contract.ts";
import { s3Storage } from "./storage.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-s3-errors-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const calls = {
  head: (storage) => storage.head("a/key"),
  put: (storage) => storage.put("a/key", Buffer.from("body")),
  create: (storage) => storage.putIfAbsent("a/key", Buffer.from("body")),
  remove: (storage) => storage.remove("a/key"),
  read: (storage) => Array.fromAsync(storage.read("a/key")),
  list: (storage) => Array.fromAsync(storage.list("")),
} satisfies Record<string, (storage: Storage) => Promise<unknown>>;

type Call = keyof typeof calls;

async function failureOf(storage: Storage, call: Call): Promise<Failure> {
  try {
    await calls[call](storage);
  } catch (error) {
    assert.ok(error instanceof Failure, inspect(error));
    const everything = inspect(error, { depth: 8, showHidden: true });
    for (const secret of [secrets.SECRET, secrets.TOKEN]) assert.ok(!everything.includes(secret), everything);
    return error;
  }
  return assert.fail(`${call} did not fail`);
}

const opened = (place: BucketPlace): Promise<Storage> =>
  s3Storage(place, { resolveSecret: cannedSecret, scratchRoot: directory });

/** What the caller is told: its kind, words of the message and of the remedy. */
type Expected = readonly [kind: FailureKind, message: RegExp, remedy?: RegExp];

interface Refusal extends StoreError {
  readonly calls: readonly Call[];
  readonly expected: Expected;
}

const every: readonly Call[] = ["head", "put", "create", "remove", "read", "list"];

const refusals: Readonly<Record<string, Refusal>> = {
  "a bucket that does not exist": {
    status: 404,
    code: "NoSuchBucket",
    calls: ["put", "create", "read", "list"],
    expected: ["denied", /bucket bucket does not exist at http:\/\/127\.0\.0\.1/, /create the bucket/],
  },
  "a key that the store does not know": {
    status: 403,
    code: "InvalidAccessKeyId",
    calls: every,
    expected: ["denied", /does not know this access key/, /s3\.access_key \(or s3\.buckets\.bucket\.access_key\)/],
  },
  "a secret that does not fit": {
    status: 403,
    code: "SignatureDoesNotMatch",
    more: `<CanonicalRequest>x-amz-security-token:${secrets.TOKEN}</CanonicalRequest>`,
    calls: every,
    expected: ["denied", /secret key does not fit/, /s3\.secret_key/],
  },
  "an expired token": {
    status: 400,
    code: "ExpiredToken",
    calls: every,
    expected: ["denied", /session token has expired/, /renew the credentials/],
  },
  "a clock that is wrong": {
    status: 403,
    code: "RequestTimeTooSkewed",
    headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
    calls: ["put", "list"],
    expected: ["denied", /clocks .* differ by 60 minutes \(this one is behind\)/, /NTP/],
  },
  "another region, as the signature shows": {
    status: 400,
    code: "AuthorizationHeaderMalformed",
    message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
    calls: every,
    expected: ["denied", /bucket bucket lies in region eu-west-1, not in us-east-1/, /s3\.region .* to eu-west-1/],
  },
  "another region, as the address shows": {
    status: 301,
    code: "PermanentRedirect",
    headers: { "x-amz-bucket-region": "ap-south-1" },
    calls: every,
    expected: ["denied", /lies in region ap-south-1/, /ap-south-1/],
  },
  "too many requests": {
    status: 503,
    code: "SlowDown",
    headers: { "retry-after": "7" },
    calls: every,
    expected: ["unavailable", /slow down/, /parallel/],
  },
  "an error of the store's own": {
    status: 500,
    code: "InternalError",
    calls: ["put", "create", "list", "read"],
    expected: ["unavailable", /could not (put|list|read) just now: No \(InternalError, request REQ1\)/],
  },
  "two writers at the same moment": {
    status: 409,
    code: "ConditionalRequestConflict",
    calls: ["put", "create"],
    expected: ["unavailable", /could not put/],
  },
  "a full store": {
    status: 507,
    code: "XMinioStorageFull",
    calls: ["put", "create"],
    expected: ["full", /no room/, /nothing half-written/],
  },
  "a quota": { status: 403, code: "QuotaExceeded", calls: ["put"], expected: ["full", /no room/] },
  "a store that cannot": {
    status: 501,
    code: "NotImplemented",
    message: "A header you provided implies functionality that is not implemented",
    calls: ["create"],
    expected: ["denied", /cannot put in the way it was asked/, /lake\.writers: one/],
  },
  "bytes that changed on the way": {
    status: 400,
    code: "BadDigest",
    calls: ["put"],
    expected: ["unavailable", /not those that were sent/],
  },
  "a code that nobody has heard of": {
    status: 400,
    code: "OutOfCheeseError",
    calls: ["put", "remove", "list"],
    expected: ["denied", /refuses to (put|remove|list): No \(OutOfCheeseError, request REQ1\)/],
  },
};

describe("errors of a store", () => {
  for (const [title, { calls: struck, expected, ...error }] of Object.entries(refusals)) {
    test(title, async () => {
      const { storage } = await cannedStore((request, response) => refuse(request, response, error));
      for (const call of struck) {
        const failure = await failureOf(storage, call);
        const [kind, message, remedy] = expected;
        assert.equal(failure.kind, kind, `${call}: ${failure.message}`);
        assert.match(failure.message, /^s3:\/\/bucket\/lake: /);
        assert.match(failure.message, message, call);
        if (call !== "list" && kind !== "usage") assert.match(failure.message, /a\/key/, call);
        if (remedy !== undefined) assert.match(failure.detail.remedy ?? "", remedy, call);
        if (kind !== "usage") assert.equal(exitCodeOf(failure), 5, call);
      }
    });
  }

  test("a key below another one is a mistake, unless there is none", async () => {
    let above = true;
    const { storage } = await cannedStore((request, response) => {
      if (request.method === "PUT") refuse(request, response, { status: 409, code: "ObjectParentIsFile" });
      else if (request.method === "HEAD" && above) {
        response.writeHead(200, { etag: '"e"', "last-modified": new Date(0).toUTCString(), "content-length": 0 }).end();
      } else if (request.url?.includes("list-type")) {
        response.end("<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>");
      } else if (request.url === "/bucket/") response.end();
      else refuse(request, response, { status: 404, code: "NoSuchKey" });
    });
    const mistake = await failureOf(storage, "put");
    assert.equal(mistake.kind, "usage");
    assert.match(mistake.message, /no key may be a directory of another/);
    above = false;
    assert.equal((await failureOf(storage, "put")).kind, "unavailable");
  });

  test("a denial names the right that is missing", async () => {
    const { storage } = await cannedStore((request, response) =>
      refuse(request, response, { status: 403, code: "AccessDenied", message: "Access Denied." }),
    );
    const expected: Readonly<Record<Call, RegExp>> = {
      head: /a\/key: the right s3:GetObject on bucket\/lake\/\* is missing/,
      read: /a\/key: the right s3:GetObject on bucket\/lake\/\* is missing/,
      put: /a\/key: the right s3:PutObject on bucket\/lake\/\* is missing: Access Denied \(AccessDenied, request REQ1\)/,
      create: /a\/key: the right s3:PutObject on bucket\/lake\/\* is missing/,
      remove: /a\/key: the right s3:DeleteObject on bucket\/lake\/\* is missing/,
      list: /the right s3:ListBucket on bucket is missing/,
    };
    for (const call of every) {
      const failure = await failureOf(storage, call);
      assert.equal(failure.kind, "denied");
      assert.match(failure.message, expected[call]);
    }
    assert.match((await failureOf(storage, "head")).detail.remedy ?? "", /s3:ListBucket on bucket, without which/);
  });

  test("how long a store asks to wait is passed on, also without a number", async () => {
    const waits: (number | undefined)[] = [];
    for (const headers of [{ "retry-after": "7" }, {}]) {
      const { storage } = await cannedStore((request, response) =>
        refuse(request, response, { status: 503, code: "SlowDown", headers }),
      );
      waits.push((await failureOf(storage, "put")).detail.retryAfterMs);
    }
    assert.deepEqual(waits, [7000, 0]);
  });

  test("a bucket that is absent is not a store in which everything is absent", async () => {
    let exists = false;
    const { storage, requests } = await cannedStore((request, response) => {
      if (exists && request.url === "/bucket/") response.end();
      else refuse(request, response, { status: 404, code: exists ? "NoSuchKey" : "NoSuchBucket" });
    });
    assert.match((await failureOf(storage, "head")).message, /bucket bucket does not exist/);
    exists = true;
    assert.equal(await storage.head("a/key"), undefined);
    const before = requests.length;
    assert.equal(await storage.head("a/other"), undefined);
    assert.equal(requests.length, before + 1, "the bucket is looked for once");
  });

  test("a HEAD that was refused without a reason, for a clock that the client has set right by then, is asked again", async () => {
    let there = false;
    let heads = 0;
    const { storage } = await cannedStore((request, response) => {
      if (request.method === "HEAD" && heads++ === 0) refuse(request, response, { status: 403, code: "" });
      else if (!there) refuse(request, response, { status: 404, code: "NoSuchKey" });
      else
        response
          .setHeader("etag", '"e"')
          .setHeader("last-modified", new Date(0).toUTCString())
          .setHeader("content-length", 0)
          .end();
    });
    await assert.rejects(storage.head("a/key"), /bucket bucket does not exist/);
    there = true;
    heads = 0;
    assert.equal((await storage.head("a/key"))?.token, "e");
  });

  test("a page is told from a store's answer", async () => {
    const html = "<!DOCTYPE html><html><head><title>Sign in\u001b[31m</title></head><body><br></body></html>";
    for (const [status, kind] of [
      [200, "denied"],
      [403, "denied"],
      [502, "unavailable"],
    ] as const) {
      const { storage } = await cannedStore((request, response) => {
        request.resume();
        response.writeHead(status, { "content-type": "text/html" }).end(request.method === "HEAD" ? undefined : html);
      });
      for (const call of every) {
        const failure = await failureOf(storage, call);
        assert.equal(failure.kind, kind, `${status} ${call}: ${failure.message}`);
        assert.equal(exitCodeOf(failure), 5);
        assert.ok(!/\p{C}/u.test(failure.message), failure.message);
        assert.match(failure.detail.remedy ?? "", /s3\.endpoint/);
        if (status !== 200) assert.match(failure.message, /answers \d+ with a page|refuses to head|could not head/);
      }
    }
  });
});

describe("a store that cannot be reached", () => {
  test("refused, unknown, no HTTP, cut", async () => {
    const nobody = await opened(placeAt("http://127.0.0.1:1"));
    const unknown = await opened(placeAt("http://store.invalid"));
    const garbage = await opened(placeAt(await rawServer("\u0015\u0003\u0001 what?\r\n", hangUp)));
    const cut = await opened(placeAt(await rawServer("", (socket) => socket.destroy())));
    for (const call of every) {
      const refused = await failureOf(nobody, call);
      assert.equal(refused.kind, "unavailable");
      assert.match(refused.message, /http:\/\/127\.0\.0\.1:1 refuses the connection \(ECONNREFUSED\)/);
      assert.match(refused.detail.remedy ?? "", /s3\.endpoint/);
      assert.equal((await failureOf(cut, call)).kind, "unavailable");
    }
    const name = await failureOf(unknown, "list");
    assert.equal(name.kind, "unavailable");
    assert.match(name.message, /is a name that (is not known here|cannot be looked up now)/);
    const noHttp = await failureOf(garbage, "list");
    assert.equal(noHttp.kind, "denied");
    assert.match(noHttp.message, /does not speak what its address says/);
  });

  test("an unknown authority, TLS that is none, and a silent store", async () => {
    const { key, cert, authority } = makeChain();
    const https = await listening(
      createServer({ key, cert }, (_, response) => response.writeHead(503).end()),
      "https",
    );
    const strange = await failureOf(await opened(placeAt(https)), "list");
    assert.equal(strange.kind, "denied");
    assert.match(strange.message, /shows a certificate of an authority that is not known here/);
    assert.match(strange.detail.remedy ?? "", /s3\.ca/);
    const file = join(directory, "ca.pem");
    writeFileSync(file, authority);
    const known = await s3Storage(placeAt(https, { ca: { kind: "file", path: file } }), {
      resolveSecret: (reference) => (reference.kind === "file" ? authority : cannedSecret(reference)),
      scratchRoot: directory,
    });
    assert.equal(
      (await failureOf(known, "list")).kind,
      "unavailable",
      "with the authority, the store's own answer is heard",
    );
    const plain = await rawServer("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", hangUp);
    const noTls = await failureOf(await opened(placeAt(plain.replace("http:", "https:"))), "list");
    assert.equal(noTls.kind, "denied");
    assert.match(noTls.detail.remedy ?? "", /http:\/\/ or https:\/\//);
  });

  test("a CA that is none is a mistake of the project", async () => {
    await assert.rejects(
      s3Storage(placeAt("https://127.0.0.1:1", { ca: { kind: "env", name: "PEM" } }), {
        resolveSecret: () => "no certificate",
        scratchRoot: directory,
      }),
      (error) =>
        error instanceof Failure && error.kind === "usage" && /env:PEM holds no certificate/.test(error.message),
    );
  });
});

describe("credentials", () => {
  test("a secret that cannot be read is named by its option, not by its value", async () => {
    const storage = await s3Storage(placeAt("http://127.0.0.1:1"), {
      resolveSecret: (reference) => {
        if (reference.kind === "env" && reference.name === "SECRET")
          throw new Failure("usage", "env:SECRET is not set");
        return cannedSecret(reference);
      },
      scratchRoot: directory,
    });
    const failure = await failureOf(storage, "put");
    assert.equal(failure.kind, "usage");
    assert.match(failure.message, /s3\.secret_key cannot be read: env:SECRET is not set/);
  });

  test("an empty chain names the options", async () => {
    const saved = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    const config = join(directory, "none");
    Object.assign(process.env, {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: config,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    try {
      const chain = await failureOf(
        await opened(placeAt("http://127.0.0.1:1", { credentials: { kind: "chain" } })),
        "put",
      );
      assert.equal(chain.kind, "denied");
      assert.match(chain.message, /no credentials were found/);
      assert.match(chain.detail.remedy ?? "", /s3\.access_key and s3\.secret_key .* AWS_ACCESS_KEY_ID/);
      const profile = placeAt("http://127.0.0.1:1", { credentials: { kind: "profile", name: "absent" } });
      const absent = await failureOf(await opened(profile), "put");
      assert.equal(absent.kind, "denied");
      assert.match(absent.message, /no credentials were found in profile "absent"/);
    } finally {
      process.env = saved;
    }
  });
});
