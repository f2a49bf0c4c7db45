import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { makeCertificate } from "../../test/contract/certificate.ts";
import {
  body,
  closing,
  directory,
  etag,
  httpServer,
  interval,
  listening,
  newFile,
  openArchive,
  path,
  serveBytes,
} from "../../test/contract/http-servers.ts";
import { assertFetched, failsAs, locationOf, sourceSettings } from "../../test/contract/source.ts";
import { Failure } from "../errors.ts";
import type { HeaderValue } from "../model/project.ts";
import { openSource } from "./open.ts";

describe("secrets", () => {
  const secret = "Bearer tops3cr3t";
  const headers = new Map<string, HeaderValue>([["Authorization", { kind: "env", name: "TOKEN" }]]);

  test("a header's secret is sent and never shown", async () => {
    for (const handler of [
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(403).end(),
      (_: IncomingMessage, response: ServerResponse) => void response.destroy(),
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { Location: "file:///" }).end(),
    ]) {
      const { base, requests } = await httpServer(handler);
      const { source } = await openArchive(base, { headers }, { TOKEN: secret });
      const error: unknown = await source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
      assert.equal(requests[0]?.headers.authorization, secret);
      assert.ok(error instanceof Failure);
      assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("tops3cr3t"), "the secret is in the error");
    }
  });

  test("a secret that no header can hold is refused without being shown", async () => {
    const { base } = await httpServer((_, response) => response.writeHead(200).end());
    const { source } = await openArchive(base, { headers }, { TOKEN: "tops3cr3t\r\nX-Injected: 1" });
    const error: unknown = await source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
    failsAs("denied", /header's value|request cannot be made/)(error);
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("tops3cr3t"));
  });

  test("a secret is looked up for every request, and its failure is told", async () => {
    const { base, requests } = await httpServer((request, response) => serveBytes(request, response, body, etag));
    let given = 0;
    const settings = sourceSettings([locationOf("http", base)], { headers });
    const source = await openSource(settings, { resolveSecret: async () => `token-${++given}` });
    closing.unshift(() => source.close());
    await source.fetch(interval, newFile());
    await source.fetch(interval, newFile());
    assert.deepEqual(
      requests.map((request) => request.headers.authorization),
      ["token-1", "token-2"],
    );
    const failing = await openSource(settings, {
      resolveSecret: () => {
        throw new Failure("usage", "env:TOKEN: the variable is not set");
      },
    });
    await assert.rejects(failing.fetch(interval, newFile()), failsAs("usage", /not set/));
  });
});

describe("proxies and certificates", () => {
  test("a proxy is used with its credentials, which nobody sees", async () => {
    const proxy = await httpServer((request, response) => {
      if (request.headers["proxy-authorization"] === undefined) response.writeHead(407).end();
      else serveBytes(request, response, body, etag);
    });
    const { host } = new URL(proxy.base);
    const archive = "http://archive.invalid";
    const { source } = await openArchive(
      archive,
      { proxy: { kind: "env", name: "PROXY" } },
      { PROXY: `http://user:pr0xypw@${host}` },
    );
    const file = newFile();
    assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(proxy.requests[0]?.url, archive + path);
    const denied = await openArchive(archive, { proxy: { kind: "text", text: `http://${host}` } });
    await assert.rejects(denied.source.fetch(interval, newFile()), failsAs("denied", /proxy/));
    const wrong = await openArchive(archive, { proxy: { kind: "env", name: "PROXY" } }, { PROXY: "user:pr0xypw" });
    const error: unknown = await wrong.source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
    failsAs("usage", /no URL/)(error);
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("pr0xypw"));
  });

  test("the usual variables name a proxy, and the hosts that need none", async () => {
    const proxy = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const direct = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const names = ["http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"] as const;
    const kept = names.map((name) => [name, process.env[name]] as const);
    try {
      for (const name of names) delete process.env[name];
      process.env.http_proxy = proxy.base;
      process.env.no_proxy = "127.0.0.1";
      for (const base of ["http://archive.invalid", direct.base]) {
        const { source } = await openArchive(base, { proxy: "env" });
        const file = newFile();
        assertFetched(await source.fetch(interval, file), file, body);
      }
      assert.equal(proxy.requests.length, 1);
      assert.equal(direct.requests.length, 1);
      const { source } = await openArchive("http://archive.invalid", { proxy: "none" });
      await assert.rejects(source.fetch(interval, newFile()), failsAs("unavailable", /name/));
    } finally {
      for (const [name, value] of kept) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test("a time limit longer than a timer can be does not end at once", async () => {
    const { base } = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const { source } = await openArchive(base, {
      timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: 1e12 },
    });
    const file = newFile();
    assertFetched(await source.fetch(interval, file), file, body);
  });

  test("a private authority is trusted when its file is named, and only then", async () => {
    const { key, cert } = makeCertificate();
    const server = createTlsServer({ key, cert }, (request, response) => serveBytes(request, response, body, etag));
    const base = await listening(server, "https");
    const file = newFile();
    await assert.rejects(
      (await openArchive(base, { retry: 3 })).source.fetch(interval, file),
      failsAs("denied", /certificate is not trusted/),
    );
    const ca = { kind: "file", path: join(directory, "ca.pem") } as const;
    writeFileSync(ca.path, cert);
    assertFetched(await (await openArchive(base, { ca })).source.fetch(interval, file), file, body);
    const variable = await openArchive(base, { ca: { kind: "env", name: "CA_PEM" } }, { CA_PEM: cert });
    assertFetched(await variable.source.fetch(interval, file), file, body);
    await assert.rejects(
      (await openArchive(base, { ca: { kind: "file", path: `${ca.path}.absent` } })).source.fetch(interval, file),
      failsAs("usage", /cannot be read/),
    );
    writeFileSync(ca.path, "no certificate");
    await assert.rejects(
      (await openArchive(base, { ca })).source.fetch(interval, file),
      failsAs("usage", /no certificate/),
    );
  });

  test("a redirect from https to http is refused", async () => {
    const { key, cert } = makeCertificate();
    const plain = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const server = createTlsServer({ key, cert }, (_, response) =>
      response.writeHead(302, { Location: plain.base }).end(),
    );
    const base = await listening(server, "https");
    const ca = { kind: "file", path: join(directory, "ca2.pem") } as const;
    writeFileSync(ca.path, cert);
    await assert.rejects(
      (await openArchive(base, { ca })).source.fetch(interval, newFile()),
      failsAs("denied", /from https to http/),
    );
    assert.equal(plain.requests.length, 0);
  });
});

describe("probing", () => {
  test("reaches every mirror; one that answers is enough", async () => {
    const head = await httpServer((request, response) =>
      response.writeHead(request.method === "HEAD" ? 405 : 206).end(),
    );
    const dead = await httpServer((_, response) => response.writeHead(403).end());
    const both = await openArchive([dead.base, head.base]);
    const finding = await both.source.probe();
    assert.match(finding, /403 Forbidden; .*answers 206 in \d+ ms/);
    assert.deepEqual(
      head.requests.map((request) => request.method),
      ["HEAD", "GET"],
    );
    assert.equal(head.requests[1]?.headers.range, "bytes=0-0");
    await assert.rejects((await openArchive(dead.base)).source.probe(), failsAs("denied", /403/));
    const missing = await httpServer((_, response) => response.writeHead(404).end());
    assert.match(await (await openArchive(missing.base)).source.probe(), /answers 404/);
  });
});
