/**
 * What people and networks get wrong about a lake in buckets. Every command says it in one error that names the bucket and
 * what to change, ends with 5, and prints no secret; the lake stays as it is.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test from "node:test";
import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { millrace, type Outcome } from "./cli/console.ts";
import { type S3Faults, startS3Proxy } from "./faults/s3-proxy.ts";
import { openSmallS3Lakes } from "./faults/small-s3-lake.ts";
import { clientOf, startVersitygw } from "./real/s3-servers.ts";

interface Expected {
  /** Of the line that names the place. */
  readonly says: RegExp;
  readonly remedy: RegExp;
}

interface Mistake extends Expected {
  /** Of the project file's `s3:`, instead of what is right. */
  readonly s3?: Readonly<Record<string, unknown>>;
  readonly bucketOf?: (place: string) => string;
  /** Everything goes through the proxy. */
  readonly faults?: S3Faults;
}

const sql = "select count(*) as rows from activity";
const commands: readonly (readonly string[])[] = [["plan"], ["run"], ["run", "--json"], ["query", "--json", sql]];
const binary = join(import.meta.dirname, "..", "bin", "millrace.js");
const token = "session-token-4f7c21d9";
const wrongSecret = "wrong-secret-8e12ab60";

const refusal = (status: number, code: string, message: string): S3Faults => ({
  error: { share: 1, status, code, message },
});

test("mistakes about a lake in buckets", async (context) => {
  const server = await startVersitygw(context);
  const secure = server === undefined ? undefined : await startVersitygw(context, { tls: true });
  if (server === undefined || secure === undefined) return;
  const proxy = await startS3Proxy(server);
  const admin = clientOf(server);
  const lakes = await openSmallS3Lakes(server);
  const lake = lakes.make();
  context.after(async () => {
    lake.remove();
    lakes.close();
    admin.destroy();
    await Promise.all([proxy.stop(), server.stop(), secure.stop()]);
  });
  const app = await lake.open(0);
  assert.equal((await app.run()).exitCode, 0);
  await app.close();
  const keys = await lake.keys();
  const content = await lake.content();

  const user = await server.createUser();
  const secrets = [server.secretKey, user.secretKey, wrongSecret, token];
  const assertNoSecret = ({ stdout, stderr }: Outcome): void => {
    for (const secret of secrets) assert.ok(!`${stdout}${stderr}`.includes(secret), "a secret is printed");
  };
  const write = (name: string, value: string): string => {
    writeFileSync(join(lake.directory, name), value);
    return `file:${name}`;
  };
  const asUser = { access_key: write("user", user.accessKey), secret_key: write("user-secret", user.secretKey) };
  const asNobody = { access_key: write("nobody", "AKNOBODY0000000") };
  const withToken = { session_token: write("token", token) };
  const silent = { endpoint: `http://127.0.0.1:${await unusedPort()}` };

  const mistakes: Readonly<Record<string, Mistake>> = {
    "an access key that is not known": {
      s3: asNobody,
      says: /does not know this access key/,
      remedy: /check s3\.access_key/,
    },
    "a wrong secret key": {
      s3: { secret_key: write("wrong", wrongSecret) },
      says: /the secret key does not fit the access key/,
      remedy: /check s3\.secret_key/,
    },
    "a bucket that does not exist": {
      bucketOf: (place) => `absent-${place}`,
      says: /bucket absent-(?:raw|tables|marts) does not exist at http:/,
      remedy: /create the bucket, or correct its name/,
    },
    "a user without rights": {
      s3: asUser,
      says: /the right s3:ListBucket on (?:raw|tables|marts) is missing/,
      remedy: /give these credentials s3:ListBucket on (?:raw|tables|marts)/,
    },
    "a token that has expired": {
      s3: withToken,
      faults: refusal(400, "ExpiredToken", "The provided token has expired."),
      says: /the session token has expired/,
      remedy: /renew the credentials \(s3\.session_token/,
    },
    "a clock that is off by hours": {
      faults: { skewMs: 3 * 3_600_000 },
      says: /the clocks of this machine and of the store differ by 180 minutes \(this one is behind\)/,
      remedy: /set this machine's clock/,
    },
    "a page in place of a store": {
      faults: { page: 200 },
      says: /what answers is no S3 store, or a page stands in its way/,
      remedy: /check s3\.endpoint/,
    },
    "a proxy that refuses with a page": {
      faults: { page: 403 },
      says: /answers 403 with a page, which no S3 store does/,
      remedy: /whether a proxy stands between/,
    },
    "another region than the store's": {
      s3: { region: "eu-west-1" },
      says: /lies in region us-east-1, not in eu-west-1/,
      remedy: /set s3\.region .*to us-east-1/,
    },
    "a bucket in another region": {
      faults: refusal(301, "PermanentRedirect", "The bucket must be addressed using another endpoint."),
      says: /bucket (?:raw|tables|marts) is not served by http:/,
      remedy: /check s3\.region/,
    },
    "TLS of an authority that is not known": {
      s3: { endpoint: secure.endpoint },
      says: /shows a certificate of an authority that is not known here/,
      remedy: /name the authority's certificate with s3\.ca/,
    },
    "an address where nothing listens": {
      s3: silent,
      says: /refuses the connection \(ECONNREFUSED\)/,
      remedy: /check s3\.endpoint, the network, and that the store is running/,
    },
  };

  for (const [title, mistake] of Object.entries(mistakes)) {
    await context.test(title, async () => {
      const { s3 = {}, bucketOf, faults } = mistake;
      proxy.faults = faults ?? {};
      const settings = { ...lake.settings(faults === undefined ? server.endpoint : proxy.endpoint), ...s3 };
      const file = lake.projectFile("mistake.yaml", settings, bucketOf);
      const given = async (command: readonly string[]) => [command, await millrace(["-f", file, ...command])] as const;
      // Side by side: where nothing answers, each of them waits for a while.
      const [outcomes, doctors] = await Promise.all([
        Promise.all(commands.map(given)),
        Promise.all(
          [
            ["doctor", "--role", "reader"],
            ["doctor", "--role", "reader", "--json"],
          ].map(given),
        ),
      ]);
      for (const [command, outcome] of outcomes) assertOneError(command.join(" "), outcome, mistake);
      for (const [, { code, stdout }] of doctors) {
        assert.equal(code, 5, stdout);
        assert.match(unwrapped(stdout), mistake.says);
        assert.match(unwrapped(stdout), mistake.remedy);
      }
      for (const [, outcome] of [...outcomes, ...doctors]) assertNoSecret(outcome);
      assert.deepEqual(await lake.keys(), keys);
    });
  }

  const allow = async (...rights: readonly string[]): Promise<void> => {
    for (const bucket of ["raw", "tables", "marts"]) {
      const Principal = { AWS: user.accessKey };
      const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
      const Statement = rights.map((Action) => ({ Effect: "Allow", Principal, Action, Resource }));
      const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
      await admin.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    }
  };

  await context.test("who may list and not read is told of the first key that he may not read", async () => {
    await allow("s3:ListBucket");
    const file = lake.projectFile("mistake.yaml", { ...lake.settings(server.endpoint), ...asUser });
    // What this machine has read before, it knows.
    rmSync(join(lake.directory, ".millrace"), { recursive: true });
    const outcome = await millrace(["-f", file, "query", sql]);
    assertOneError("query", outcome, {
      says: /lakes\/1: \w+\/[\w./-]+: the right s3:GetObject on (\w+)\/lakes\/1\/\* is missing/,
      remedy: /give these credentials s3:GetObject on \w+\/lakes\/1\/\*/,
    });
    assertNoSecret(outcome);
  });

  await context.test("who may not write is told before anything is written", async () => {
    await allow("s3:ListBucket", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload");
    const other = lakes.make();
    try {
      const { access_key, secret_key } = asUser;
      const keyFiles = [access_key, secret_key].map((reference) =>
        reference.replace("file:", `file:${lake.directory}/`),
      );
      const [access, secret] = keyFiles;
      const settings = { ...other.settings(server.endpoint), access_key: access, secret_key: secret };
      const file = other.projectFile("mistake.yaml", settings);
      const outcome = await millrace(["-f", file, "run"]);
      assertOneError("run", outcome, {
        says: /the right s3:PutObject on raw\/lakes\/2\/\* is missing/,
        remedy: /give these credentials s3:PutObject/,
      });
      assertNoSecret(outcome);
      assert.deepEqual(await other.keys(), []);
    } finally {
      other.remove();
    }
  });

  await context.test("without any credentials the chain says where it looked", async () => {
    const { access_key: _, secret_key: __, ...settings } = lake.settings(server.endpoint);
    const file = lake.projectFile("mistake.yaml", settings);
    for (const command of [["plan"], ["query", sql]]) {
      const outcome = await alone(["-f", file, ...command], lake.directory);
      assertOneError(command.join(" "), outcome, {
        says: /no credentials were found in the environment, shared files, container or instance/,
        remedy: /name them with s3\.access_key and s3\.secret_key .* or set AWS_ACCESS_KEY_ID/,
      });
      assertNoSecret(outcome);
    }
  });

  assert.deepEqual(await lake.keys(), keys);
  assert.deepEqual(await lake.content(), content);
});

const unwrapped = (text: string): string => text.replace(/\s+/g, " ");

function assertOneError(title: string, { code, stdout, stderr }: Outcome, { says, remedy }: Expected): void {
  const shown = `${title}: ${stdout}${stderr}`;
  assert.equal(code, 5, shown);
  assert.equal(stdout, "", shown);
  const errors = stderr.split("\n").filter((line) => /^error|"code":"error"/.test(line));
  assert.equal(errors.length, 1, shown);
  assert.match(errors[0] ?? "", /s3:\/\/[\w-]+\/lakes\/\d/, shown);
  assert.match(errors[0] ?? "", says, shown);
  assert.match(stderr, remedy, shown);
}

/** A process of its own that knows nothing of this machine's credentials. */
async function alone(args: readonly string[], home: string): Promise<Outcome> {
  const env = { PATH: process.env.PATH ?? "", HOME: home, AWS_EC2_METADATA_DISABLED: "true" };
  const child = spawn(process.execPath, [binary, ...args], { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}

/** Of a server that has just ended. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port");
}
