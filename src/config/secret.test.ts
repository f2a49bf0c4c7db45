import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Failure } from "../errors.ts";
import { normalizeProject } from "./normalize.ts";
import { localFiles, parseProject } from "./read.ts";
import { isSecretName, parseHeaderValue, parseReference, resolveSecret } from "./secret.ts";

const marker = "hunter2-hunter2";

const missing = (path: string): string => {
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });
};

describe("secrets", () => {
  it("are written as references", () => {
    assert.deepEqual(parseReference("env:TOKEN", "/p"), { kind: "env", name: "TOKEN" });
    assert.deepEqual(parseReference("env: TOKEN", "/p"), { kind: "env", name: "TOKEN" });
    assert.deepEqual(parseReference(`\${TOKEN}`, "/p"), { kind: "env", name: "TOKEN" });
    assert.deepEqual(parseReference("file:secrets/token", "/p"), { kind: "file", path: "/p/secrets/token" });
    assert.deepEqual(parseReference("file:/run/secrets/token", "/p"), { kind: "file", path: "/run/secrets/token" });
    assert.equal(parseReference("plain", "/p"), undefined);
    assert.equal(parseReference("file:///x", "/p"), undefined);
    for (const text of ["env:", "env:A B", "env:1", "file:"])
      assert.throws(() => parseReference(text, "/p"), Failure, text);
  });

  it("are known by their header's name or by their form", () => {
    for (const name of [
      "Authorization",
      "Proxy-Authorization",
      "Cookie",
      "X-Api-Key",
      "x-apikey",
      "X-Auth",
      "Auth-Token",
      "Private-Token",
      "X-Amz-Signature",
      "password",
    ]) {
      assert.ok(isSecretName(name), name);
    }
    for (const name of ["User-Agent", "X-Team", "Accept", "X-Author", "X-Monkey-Business", "keywords"])
      assert.ok(!isSecretName(name), name);
    for (const value of [
      "Bearer x",
      "basic abc",
      `ghp_${marker}`,
      "eyJhbGciOiJIUzI1NiJ9.e30",
      "AKIAIOSFODNN7EXAMPLE",
    ]) {
      assert.throws(() => parseHeaderValue("X-Team", value, "/p"), /must not stand/, value);
    }
    assert.deepEqual(parseHeaderValue("X-Team", "data", "/p"), { kind: "text", text: "data" });
    assert.throws(() => parseHeaderValue("X-Team", "a\r\nHost: b", "/p"), /control character/);
  });

  it("are fetched when needed", () => {
    const environment = { TOKEN: marker, EMPTY: "" };
    assert.equal(resolveSecret({ kind: "env", name: "TOKEN" }, environment, missing), marker);
    assert.equal(
      resolveSecret({ kind: "file", path: "/s" }, environment, () => `${marker}\r\n`),
      marker,
    );
    const cases: readonly (readonly [Parameters<typeof resolveSecret>, string, RegExp])[] = [
      [[{ kind: "env", name: "NO" }, environment, missing], "usage", /^env:NO: the variable is not set$/],
      [[{ kind: "env", name: "EMPTY" }, environment, missing], "usage", /^env:EMPTY: the secret is empty$/],
      [[{ kind: "file", path: "/s" }, environment, () => "\n"], "usage", /^file:\/s: the secret is empty$/],
      [[{ kind: "file", path: "/s" }, environment, missing], "missing", /^file:\/s: ENOENT/],
      [[{ kind: "file", path: "/s" }, environment, () => "x".repeat(1_100_000)], "usage", /longer than 1 MiB/],
    ];
    for (const [call, kind, message] of cases) {
      assert.throws(
        () => resolveSecret(...call),
        (error) => error instanceof Failure && error.kind === kind && message.test(error.message),
      );
    }
  });

  it("are never in a project, whatever way they are named", () => {
    const environment = {
      TOKEN: marker,
      PROXY: `http://me:${marker}@proxy:3128`,
      MILLRACE_SOURCES__A__HEADERS: `{"X-Other": "\${TOKEN}"}`,
    };
    const text = `
sources:
  a:
    url: https://example.org/{yyyy}-{MM}-{dd}-{H}
    headers: { Authorization: env:TOKEN, Cookie: "\${TOKEN}", X-Api-Key: file:secret, X-Team: "\${TOKEN}" }
    proxy: "\${PROXY}"
`;
    const around = { file: undefined, directory: "/p", environment, files: localFiles };
    const project = parseProject(text, "millrace.yaml", around);
    assert.doesNotMatch(inspect(project, { depth: null, maxStringLength: null }), new RegExp(marker));
    const source = project.sources.get("a");
    assert.deepEqual(
      [...(source?.headers ?? [])],
      [
        ["Authorization", { kind: "env", name: "TOKEN" }],
        ["Cookie", { kind: "env", name: "TOKEN" }],
        ["X-Api-Key", { kind: "file", path: "/p/secret" }],
        ["X-Team", { kind: "env", name: "TOKEN" }],
        ["X-Other", { kind: "env", name: "TOKEN" }],
      ],
    );
    assert.deepEqual(source?.proxy, { kind: "env", name: "PROXY" });
  });

  it("are refused without being repeated, also in a project made in memory", () => {
    const url = "https://example.org/{yyyy}-{MM}-{dd}-{H}";
    const projects: readonly unknown[] = [
      { sources: { a: { url, headers: { Authorization: marker } } } },
      { sources: { a: { url, headers: { Authorization: { value: marker } } } } },
      { sources: { a: { url, headers: marker } } },
      { sources: { a: { url, proxy: `http://me:${marker}@proxy` } } },
      { sources: { a: { url: `https://me:${marker}@example.org/{yyyy}-{MM}-{dd}-{H}` } } },
      { sources: { a: { url: `https://example.org/{yyyy}-{MM}-{dd}-{H}?sig=${marker}` } } },
    ];
    for (const each of projects) {
      assert.throws(
        () => normalizeProject(each, { file: undefined, directory: "/p", environment: {}, files: localFiles }),
        (error) => {
          assert.ok(error instanceof Failure && error.kind === "usage");
          assert.doesNotMatch(inspect(error, { depth: null }), new RegExp(marker));
          return true;
        },
      );
    }
  });
});
