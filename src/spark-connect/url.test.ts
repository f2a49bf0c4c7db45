import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SparkError } from "./errors.ts";
import { hostAndPort, isLoopback, parseConnectUrl, type UrlOverrides } from "./url.ts";

function refusal(url: string, overrides?: UrlOverrides): string {
  try {
    parseConnectUrl(url, overrides);
  } catch (error) {
    assert.ok(error instanceof SparkError, String(error));
    assert.equal(error.kind, "usage");
    assert.ok(error.detail.remedy !== undefined);
    return `${error.message} → ${error.detail.remedy}`;
  }
  return assert.fail(`${url} was accepted`);
}

const nothing = {
  tls: false,
  token: undefined,
  userId: undefined,
  userAgent: undefined,
  sessionId: undefined,
  messageBytesMax: undefined,
};

describe("connection URL", () => {
  test("names a host, and a port unless it is 15002", () => {
    assert.deepEqual(parseConnectUrl("sc://localhost"), { host: "localhost", port: 15002, ...nothing });
    assert.deepEqual(parseConnectUrl("sc://Spark.example:443/"), { host: "spark.example", port: 443, ...nothing });
    assert.deepEqual(parseConnectUrl("sc://[::1]:15003/;"), { host: "::1", port: 15003, ...nothing });
    assert.equal(hostAndPort(parseConnectUrl("sc://[2001:DB8::1]")), "[2001:db8::1]:15002");
  });

  test("carries parameters, percent-encoded", () => {
    const url =
      "sc://host/;use_ssl=true;token=a%3Bb%3Dc=;user_id=J%C3%BCrgen;user_agent=my%20tool" +
      ";session_id=0F2B1C5E-52CE-4C4C-9E7B-5E8B2C9F6A11;grpc_max_message_size=1048576";
    assert.deepEqual(parseConnectUrl(url), {
      host: "host",
      port: 15002,
      tls: true,
      token: "a;b=c=",
      userId: "Jürgen",
      userAgent: "my tool",
      sessionId: "0f2b1c5e-52ce-4c4c-9e7b-5e8b2c9f6a11",
      messageBytesMax: 1048576,
    });
  });

  test("a token or authorities imply TLS, except a token that stays on this machine", () => {
    assert.equal(parseConnectUrl("sc://host/;token=t").tls, true);
    assert.equal(parseConnectUrl("sc://host", { token: "t" }).tls, true);
    assert.equal(parseConnectUrl("sc://localhost", { ca: "pem" }).tls, true);
    for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) {
      assert.equal(parseConnectUrl(`sc://${host}/;token=t`).tls, false, host);
      assert.equal(parseConnectUrl(`sc://${host}/;token=t;use_ssl=true`).tls, true, host);
    }
    assert.equal(isLoopback("128.0.0.1"), false);
    assert.equal(isLoopback("localhost.example"), false);
    assert.match(refusal("sc://host/;token=t;use_ssl=false"), /token would be sent in the clear/);
    assert.match(refusal("sc://host/;use_ssl=false", { token: "t" }), /token would be sent in the clear/);
    assert.match(refusal("sc://host/;use_ssl=false", { ca: "pem" }), /authorities/);
  });

  test("options come before the URL", () => {
    assert.equal(parseConnectUrl("sc://host/;token=url", { token: "option" }).token, "option");
  });

  test("says what is wrong and what to write instead", () => {
    const cases: readonly [string, RegExp][] = [
      ["host:15002", /scheme is missing → write sc:/],
      ["http://host:15002", /scheme is http → write sc:/],
      ["SC://host", /scheme is SC → write sc:/],
      ["spark://host:7077", /names a cluster's master.*→ start a Spark Connect server/],
      ["sc://", /host is missing/],
      ["sc://:15002", /host is missing/],
      ["sc://host:", /port is none → write a number from 1 to 65535/],
      ["sc://host:0", /port is none/],
      ["sc://host:65536", /port is none/],
      ["sc://host:15002x", /port is none/],
      ["sc://::1:15002", /IPv6 addresses in brackets/],
      ["sc://[::1", /IPv6 addresses in brackets/],
      ["sc://ho st", /characters that no host name has/],
      ["sc://me:secret@host", /user stands before the host → name the user as \/;user_id=NAME/],
      ["sc://host;user_id=x", /parameters begin before the path/],
      ["sc://host?user_id=x", /parameters begin before the path/],
      ["sc://host/?user_id=x", /a query/],
      ["sc://host/default", /a path stands behind the host/],
      ["sc://host/;use_ssl=yes", /neither true nor false/],
      ["sc://host/;useSsl=true", /useSsl is unknown → did you mean use_ssl\?/],
      ["sc://host/;user=x", /user is unknown → did you mean user_id\?/],
      ["sc://host/;tokn=x", /tokn is unknown → did you mean token\?/],
      ["sc://host/;max_message_size=1", /did you mean grpc_max_message_size\?/],
      ["sc://host/;colour=red", /colour is unknown → known are token, use_ssl/],
      ["sc://host/;user_id", /user_id has no value/],
      ["sc://host/;user_id=a;user_id=b", /given twice/],
      ["sc://host/;session_id=1", /not a UUID/],
      ["sc://host/;grpc_max_message_size=1g", /no number of bytes → write for example/],
      ["sc://host/;user_id=%ff", /not percent-encoded UTF-8/],
      ["sc://host/;user_agent=a%0Ab", /control character/],
    ];
    for (const [url, expected] of cases) assert.match(refusal(url), expected, url);
  });

  test("never repeats a token, however wrong the rest is", () => {
    const secret = "s3cr3tTokenOfMine";
    const urls = [
      `sc://host/;token=${secret};nope=1`,
      `sc://host/;token=${secret}%`,
      `sc://host/;token=${secret}%0A`,
      `sc://host/;${secret}`,
      `sc://host/;token=x;${secret}==`,
      `sc://host/;token=;${secret}=1`,
      `sc://host/;token=a;token=${secret}`,
      `sc://host;token=${secret}`,
      `sc://${secret}@host`,
      `sc://host/?token=${secret}`,
      `sc://host/token=${secret}`,
      `http://host/;token=${secret}`,
      `sc://host:${secret}`,
      `sc://host/;use_ssl=${secret}`,
      `sc://host/;token=${secret};use_ssl=false`,
    ];
    for (const url of urls) assert.ok(!refusal(url).includes(secret), url);
  });

  test("answers any text with a target or a usage error", () => {
    const seed = process.env.FC_SEED === undefined ? Date.now() : Number(process.env.FC_SEED);
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }).map((rest) => `sc://${rest}`),
      fc
        .array(fc.constantFrom("sc://", "h", ":", "1", "/", ";", "token", "=", "%", "[", "]", "@", "use_ssl", "true"))
        .map((p) => p.join("")),
    );
    const property = fc.property(text, (url) => {
      try {
        const target = parseConnectUrl(url);
        assert.ok(target.host !== "" && target.port >= 1 && target.port <= 65_535);
      } catch (error) {
        assert.ok(error instanceof SparkError && error.kind === "usage", String(error));
      }
    });
    fc.assert(property, { seed, numRuns: Number(process.env.FC_RUNS ?? 500) });
  });
});
