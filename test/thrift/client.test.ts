/** The client against servers that behave, come and go. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { Failure } from "../../src/errors.ts";
import { isOutcomeUnknown, isUnknownMethod } from "../../src/thrift/errors.ts";
import { MessageType } from "../../src/thrift/types.ts";
import { writeI32Field, writeStringField } from "../../src/thrift/writer.ts";
import { makeCertificate } from "../contract/certificate.ts";
import { answerTo, type Behave, echo, fakeClient, fakeServer, listen } from "./servers.ts";

for (const transport of ["buffered", "framed"] as const) {
  test(`${transport}: calls in turn use one connection, and each gets its own answer`, async (context) => {
    const server = await fakeServer(context, { transport });
    const client = fakeClient(context, [server.host], { transport });
    for (const text of ["a", "", "x".repeat(300_000), "\u{1f300}"]) assert.equal(await echo(client, text), text);
    assert.equal(server.accepted(), 1);
    assert.equal(new Set(server.calls.map(({ sequence }) => sequence)).size, 4);
  });
}

test("calls side by side share a few connections; those beyond wait for their turn", async (context) => {
  const waiting: (() => void)[] = [];
  const behave: Behave = ({ socket }, message) => {
    waiting.push(() => socket.write(message));
  };
  const server = await fakeServer(context, { behave });
  const client = fakeClient(context, [server.host], { connectionsMax: 3 });
  const texts = Array.from({ length: 10 }, (_, index) => `call ${index}`);
  const all = Promise.all(texts.map((text) => echo(client, text)));
  let mostAtOnce = 0;
  for (let answered = 0; answered < texts.length; ) {
    await new Promise(setImmediate);
    mostAtOnce = Math.max(mostAtOnce, waiting.length);
    for (const answer of waiting.splice(0, answered === 0 && waiting.length < 3 ? 0 : 1)) {
      answer();
      answered += 1;
    }
  }
  assert.deepEqual(await all, texts);
  assert.equal(mostAtOnce, 3);
  assert.equal(server.accepted(), 3);
});

test("a process ends although its connections are still open", { timeout: 60_000 }, async (context) => {
  const server = await fakeServer(context);
  const program = `
    import { openThriftClient } from ${JSON.stringify(new URL("../../src/thrift/client.ts", import.meta.url).href)};
    import { writeStringField } from ${JSON.stringify(new URL("../../src/thrift/writer.ts", import.meta.url).href)};
    const hosts = [${JSON.stringify(server.host)}];
    const client = openThriftClient({ name: "x", hosts, transport: "buffered", connectMs: 5000, callMs: 5000, answerBytesMax: 1000, idleMs: 3_600_000 });
    await client.call("echo", (w) => writeStringField(w, 1, "hello"), () => undefined, { isIdempotent: false });
    console.log("answered");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  const [chunks, [code]] = await Promise.all([child.stdout.toArray(), once(child, "exit")]);
  assert.equal(chunks.join(""), "answered\n");
  assert.equal(code, 0);
});

test("a host that refuses is passed over, and asked last for a while", async (context) => {
  const gone = await fakeServer(context);
  await gone.close();
  const server = await fakeServer(context);
  let nowMs = 0;
  const effects = { nowMs: () => nowMs, random: () => 1 };
  const client = fakeClient(context, [gone.host, server.host], { effects, idleMs: 0 });
  assert.equal(await echo(client, "a"), "a");
  const back = await fakeServer(context, { port: gone.host.port });
  // Whoever was closed for idling is opened again: at the second host, while the first is avoided.
  while (server.open() > 0) await new Promise(setImmediate);
  assert.equal(await echo(client, "b"), "b");
  assert.equal(back.calls.length, 0);
  nowMs = 1_001;
  while (server.open() > 0) await new Promise(setImmediate);
  assert.equal(await echo(client, "c"), "c");
  assert.equal(back.calls.length, 1);
});

test("hosts that all refuse are one failure that names each, and nothing was done", async (context) => {
  const [one, two] = [await fakeServer(context), await fakeServer(context)];
  await Promise.all([one.close(), two.close()]);
  const client = fakeClient(context, [one.host, two.host, { host: "no-such-host.invalid", port: 9083 }]);
  await assert.rejects(echo(client, "a"), (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "unavailable");
    const refuses = [one, two].map(({ host }) => `127.0.0.1:${host.port} refuses connections`);
    assert.match(error.message, new RegExp(`^fake: ${refuses.join("; ")}; no-such-host.invalid:9083 `));
    assert.equal(isOutcomeUnknown(error), false);
    return true;
  });
});

test("a server that was restarted while nobody called is called again as if nothing had been", async (context) => {
  const first = await fakeServer(context);
  const client = fakeClient(context, [first.host]);
  await Promise.all(["a", "b", "c"].map((text) => echo(client, text)));
  await first.close();
  const second = await fakeServer(context, { port: first.host.port });
  for (const text of ["d", "e"]) assert.equal(await echo(client, text), text);
  assert.equal(second.accepted(), 1);
});

test("a connection that nobody uses is closed after its time", async (context) => {
  const server = await fakeServer(context);
  const client = fakeClient(context, [server.host], { idleMs: 1 });
  await echo(client, "a");
  while (server.open() > 0) await new Promise(setImmediate);
  assert.equal(await echo(client, "b"), "b");
  assert.equal(server.accepted(), 2);
});

test("what the reader of a result throws is the caller's, and the connection is used again", async (context) => {
  const server = await fakeServer(context);
  const client = fakeClient(context, [server.host]);
  const conflict = new Failure("conflict", "somebody was faster");
  const call = client.call(
    "echo",
    (writer) => writeStringField(writer, 1, "a"),
    () => {
      throw conflict;
    },
    { isIdempotent: false },
  );
  await assert.rejects(call, (error) => error === conflict);
  assert.equal(await echo(client, "b"), "b");
  assert.equal(server.accepted(), 1);
});

test("a server that does not know the method, and one that fails inside of it", async (context) => {
  let exception = 0;
  const behave: Behave = (call) => {
    const { socket, method, sequence, text } = call;
    const answer = { method, sequence, text, type: MessageType.exception };
    socket.write(
      answerTo({
        ...answer,
        writeBody(writer) {
          writeStringField(writer, 1, "Invalid method name: 'echo'");
          writeI32Field(writer, 2, exception);
        },
      }),
    );
  };
  const server = await fakeServer(context, { behave });
  const client = fakeClient(context, [server.host]);
  const failing = async (number: number, isIdempotent = false): Promise<Failure> => {
    exception = number;
    const error: unknown = await echo(client, "a", { isIdempotent }).catch((caught: unknown) => caught);
    assert.ok(error instanceof Failure);
    return error;
  };
  const unknown = await failing(1);
  assert.equal(unknown.kind, "denied");
  assert.equal(isUnknownMethod(unknown), true);
  assert.equal(isOutcomeUnknown(unknown), false);
  const internal = await failing(6);
  assert.deepEqual(
    [internal.kind, isUnknownMethod(internal), isOutcomeUnknown(internal)],
    ["unavailable", false, true],
  );
  assert.match(internal.message, /^fake 127.0.0.1:\d+: echo: the server failed: Invalid method name: 'echo'$/);
  assert.equal(isOutcomeUnknown(await failing(6, true)), false);
  const protocol = await failing(7);
  assert.deepEqual([protocol.kind, isOutcomeUnknown(protocol)], ["denied", false]);
  assert.equal(server.calls.length, 4);
});

test("over TLS, with an authority of one's own, and not without it", async (context) => {
  const { key, cert } = makeCertificate();
  const server = await fakeServer(context);
  const tunnel = createTlsServer({ key, cert }, (socket) => {
    const inner = import("node:net").then(({ connect }) => connect(server.host.port, server.host.host));
    void inner.then((plain) => {
      context.after(() => plain.destroy());
      plain.on("error", () => socket.destroy()).pipe(socket);
      socket.on("error", () => plain.destroy()).pipe(plain);
    });
  });
  tunnel.on("tlsClientError", () => undefined);
  const host = await listen(context, tunnel);
  assert.equal(await echo(fakeClient(context, [host], { tls: { ca: cert } }), "a"), "a");
  const stranger = echo(fakeClient(context, [host], { tls: {} }), "a");
  await assert.rejects(stranger, { kind: "unavailable", message: /self-signed certificate/ });
  const plain = echo(fakeClient(context, [host]), "a");
  await assert.rejects(plain, { kind: "denied", message: /not a Thrift port: it answers as TLS/ });
  const wrong = echo(fakeClient(context, [server.host], { tls: { ca: cert } }), "a");
  await assert.rejects(wrong, { kind: "unavailable" });
});

test("a request that is too large is refused before it is sent", async (context) => {
  const server = await fakeServer(context);
  const client = fakeClient(context, [server.host], { requestBytesMax: 1000 });
  await assert.rejects(echo(client, "x".repeat(1000)), { kind: "usage" });
  assert.equal(server.accepted(), 0);
});
