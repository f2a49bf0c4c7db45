/** Wrong addresses, wrong protocols, wrong certificates: one clear error each, soon, that says what to do. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp1 } from "node:http";
import { createServer as createHttps1 } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import test, { suite, type TestContext } from "node:test";
import type { FailureKind } from "../../../src/errors.ts";
import type { ConnectOptions } from "../../../src/spark-connect/contract.ts";
import { connect } from "../../../src/spark-connect/session.ts";
import { makeCertificate, makeChain } from "../../contract/certificate.ts";
import { startConnectProxy } from "./connect-proxy.ts";
import { startFakeSpark } from "./fake-spark.ts";
import { failureOf, within } from "./outcome.ts";
import { rowsOf } from "./scene.ts";
import { codes } from "./statuses.ts";

/** A person has typed something wrong and waits. */
const errorMsMax = 8_000;
/** A port where somebody listens and says nothing cannot be told from a slow network at once. */
const silenceMsMax = 14_000;

interface Expected {
  readonly kinds: readonly FailureKind[];
  readonly message?: RegExp;
  readonly remedy: RegExp;
  readonly msMax?: number;
}

async function assertRefused(url: string, options: ConnectOptions, expected: Expected): Promise<void> {
  const { kinds, message, remedy, msMax = errorMsMax } = expected;
  const failure = await within(msMax, url, failureOf(connect(url, options)));
  const text = `${failure.kind}: ${failure.message} | ${failure.detail.remedy}`;
  assert.ok(kinds.includes(failure.kind), text);
  assert.match(failure.detail.remedy ?? "", remedy, text);
  if (message !== undefined) assert.match(failure.message, message, text);
  assert.doesNotMatch(text, /\n/);
  assert.doesNotMatch(text, /secret/);
}

async function listening(context: TestContext, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

async function sparkBehindTls(
  context: TestContext,
  tls: { readonly key: string; readonly cert: string },
  host = "127.0.0.1",
) {
  const { spark, server } = await startFakeSpark();
  const proxy = await startConnectProxy(server.url, { tls, host });
  context.after(async () => {
    await proxy.stop();
    await server.stop();
  });
  return { spark, server, proxy };
}

const unreachable: readonly FailureKind[] = ["unavailable"];
const refused: readonly FailureKind[] = ["denied", "usage", "unavailable"];

// What takes time is waiting.
suite("addresses", { concurrency: true }, () => {
  test("nothing listens there", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const expected = { kinds: unreachable, message: new RegExp(`:${port}\\b`), remedy: /start|URL/ };
    await assertRefused(`sc://127.0.0.1:${port}`, {}, expected);
    await assertRefused(`sc://127.0.0.1:${port}/;use_ssl=true`, {}, expected);
  });

  test("the host's name is unknown", async () => {
    await assertRefused(
      "sc://no-such-host.invalid:15002",
      {},
      {
        kinds: unreachable,
        message: /no-such-host\.invalid/,
        remedy: /URL|name/,
      },
    );
  });

  test("a port that accepts and says nothing", async (context) => {
    const port = await listening(context, createServer());
    const expected = { kinds: unreachable, message: new RegExp(`:${port}\\b`), remedy: /./, msMax: silenceMsMax };
    await assertRefused(`sc://127.0.0.1:${port}`, {}, expected);
    await assertRefused(`sc://127.0.0.1:${port}/;use_ssl=true`, {}, expected);
  });

  test("a port that hangs up at once", async (context) => {
    const port = await listening(
      context,
      createServer((socket) => socket.destroy()),
    );
    await assertRefused(`sc://127.0.0.1:${port}`, {}, { kinds: refused, remedy: /./ });
    await assertRefused(`sc://127.0.0.1:${port}/;use_ssl=true`, {}, { kinds: refused, remedy: /./ });
  });

  test("a port that greets in another protocol", async (context) => {
    const port = await listening(
      context,
      createServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.write("SSH-2.0-OpenSSH_9.6\r\n");
      }),
    );
    await assertRefused(`sc://127.0.0.1:${port}`, {}, { kinds: refused, remedy: /port/ });
    await assertRefused(`sc://127.0.0.1:${port}/;use_ssl=true`, {}, { kinds: refused, remedy: /./ });
  });

  test("a port that speaks HTTP/1", async (context) => {
    const page = createHttp1((_, answer) => answer.end("<html>Spark UI</html>"));
    const port = await listening(context, page);
    await assertRefused(`sc://127.0.0.1:${port}`, {}, { kinds: refused, message: /HTTP\/2/, remedy: /port/ });
    await assertRefused(
      `sc://127.0.0.1:${port}/;use_ssl=true`,
      {},
      { kinds: refused, message: /TLS/, remedy: /use_ssl/ },
    );
  });

  test("a port that speaks HTTP/1 behind TLS", async (context) => {
    const tls = makeCertificate();
    const port = await listening(
      context,
      createHttps1(tls, (_, answer) => answer.end("a page")),
    );
    await assertRefused(`sc://127.0.0.1:${port}`, { ca: tls.cert }, { kinds: refused, remedy: /port/ });
  });

  test("TLS spoken to a plain port, and plainly to a port with TLS", async (context) => {
    const tls = makeCertificate();
    const { server, proxy } = await sparkBehindTls(context, tls);
    await assertRefused(`${server.url}/;use_ssl=true`, {}, { kinds: refused, message: /TLS/, remedy: /use_ssl/ });
    await assertRefused(`sc://127.0.0.1:${proxy.port}`, {}, { kinds: refused, remedy: /use_ssl=true|TLS/ });
  });

  test("a certificate of an unknown authority is refused, of the right one accepted", async (context) => {
    const { key, cert, authority } = makeChain();
    const { proxy } = await sparkBehindTls(context, { key, cert });
    const expected = { kinds: refused, message: /certificate/, remedy: /\bca\b/ };
    await assertRefused(proxy.url, {}, expected);
    await assertRefused(proxy.url, { ca: makeChain().authority }, expected);
    const session = await connect(proxy.url, { ca: authority });
    assert.match(await rowsOf(session), /^0 row 0\n/);
    await session.close();
    // With a certificate to trust there is no need to say that TLS is meant.
    const other = await connect(`sc://127.0.0.1:${proxy.port}`, { ca: authority });
    await other.close();
  });

  test("a certificate of another host", { skip: process.platform !== "linux" }, async (context) => {
    const { key, cert, authority } = makeChain();
    const { proxy } = await sparkBehindTls(context, { key, cert }, "127.0.0.2");
    const expected = { kinds: refused, message: /certificate/, remedy: /name/ };
    await assertRefused(proxy.url, { ca: authority }, expected);
  });

  test("a `ca` that is no certificate", async (context) => {
    const { proxy } = await sparkBehindTls(context, makeCertificate());
    await assertRefused(proxy.url, { ca: "not a certificate" }, { kinds: refused, remedy: /ca|certificate/ });
  });

  test("a token that the server refuses, and one that may not do it", async (context) => {
    const tls = makeCertificate();
    const { proxy } = await sparkBehindTls(context, tls);
    proxy.rule = () => ({ at: "request", harm: { status: { code: codes.unauthenticated, message: "Invalid token" } } });
    await assertRefused(proxy.url, { ca: tls.cert, token: "secret" }, { kinds: ["denied"], remedy: /token/ });
    assert.equal(proxy.struck, 1, "it is not tried again");
    proxy.rule = () => ({ at: "request", harm: { status: { code: codes.permissionDenied, message: "not yours" } } });
    await assertRefused(
      proxy.url,
      { ca: tls.cert, token: "secret" },
      { kinds: ["denied"], remedy: /token|user|right/ },
    );
  });

  test("pages instead of answers", async (context) => {
    const { server } = await startFakeSpark();
    context.after(() => server.stop());
    for (const [status, type] of [
      [200, "text/html"],
      [301, "text/html"],
      [401, "text/html"],
      [403, "application/json"],
      [404, "text/plain"],
      [500, "text/html"],
      [502, "text/html"],
      [503, "text/html"],
      [504, "text/plain"],
    ] as const) {
      server.handler = ({ reply }) => reply.page(status, type, "<html>Bad Gateway</html>");
      await assertRefused(server.url, {}, { kinds: refused, remedy: /./ });
    }
  });
});
